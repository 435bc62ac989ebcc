"""`held`: one run at a time in a folder; the system lets go of it if the process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import BusyError, SpecError

__all__ = ["held"]


@contextmanager
def held(folder: Path, *, doing: str, next: str) -> Iterator[None]:  # noqa: A002
    """Hold a folder, which is made if it is not there; nothing is left in it.

    Parameters
    ----------
    folder : Path
        What to hold.
    doing : str
        What the other one is doing, for the error: "making this report".
    next : str
        What to do then.

    Raises
    ------
    BusyError
        If another run holds it.
    SpecError
        If the folder cannot be made or read.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, os.strerror(13))
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise SpecError(
            f"the folder cannot be written: {error.strerror}",
            where=str(folder),
            expected="a folder that can be written",
            next="choose another one",
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"another run is {doing}", where=str(folder), expected="one run at a time", next=next
            ) from None
        yield
    finally:
        os.close(handle)
