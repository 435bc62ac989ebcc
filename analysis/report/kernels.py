"""Kernels that start warm: forks of one process that imported everything once (`warm.py`), through jupyter_client."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

__all__ = ["Host", "warm_kernels"]

SCRIPT = Path(__file__).with_name("warm.py")
FORKABLE = ("-m", "ipykernel_launcher")
END_SECONDS = 10.0


@contextmanager
def warm_kernels() -> Iterator[type[AsyncKernelManager]]:
    """Give the class of kernel managers for one run: its kernels are forks; ordinary ones where forks are not safe.

    Outside Linux the system's own libraries do not survive a fork; there, and where the kernel that is installed as
    python3 is not ours, papermill starts kernels as always. A notebook cannot tell the two apart.
    """
    if sys.platform != "linux":
        yield AsyncKernelManager
        return
    host = Host()
    try:
        yield _manager_on(host)
    finally:
        host.close()


class Host:
    """The process that forks, and the line to it; safe to ask from several threads."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(theirs.fileno())], stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        self._stream = ours.makefile("rw", encoding="utf-8")
        ours.close()  # the stream keeps it
        self._lock = threading.Lock()
        self._used = False

    def ask(self, **request: Any) -> Any:
        """Send a request and return its answer.

        Raises
        ------
        OSError
            If the process is gone.
        """
        with self._lock:
            self._used = True
            self._stream.write(json.dumps(request) + "\n")
            self._stream.flush()
            line = self._stream.readline()
        if not line:
            raise ConnectionError("the process that becomes kernels has ended")
        return json.loads(line)

    def close(self) -> None:
        """End the process and every kernel that still runs."""
        with suppress(OSError):  # what was written to a process that is gone
            self._stream.close()
        if not self._used:
            self.process.kill()  # it may still be importing: there is nothing to end in order
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Fork:
    """A forked kernel, with what jupyter_client asks of a Popen."""

    stdin = stdout = stderr = None

    def __init__(self, host: Host, pid: int) -> None:
        self.pid, self.returncode, self._host = pid, None, host  # type: int, int | None, Host

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                self.returncode = self._host.ask(poll=self.pid)
            except OSError:
                self.returncode = -signal.SIGKILL  # kernels end with the process that they are forks of
        return self.returncode

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(0.05)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Provisioner(LocalProvisioner):
    """Starts a kernel as a fork where its command is the ordinary one, as a process of its own where it is not."""

    host: Host

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        if (cmd[0], *cmd[1:3]) == (sys.executable, *FORKABLE):
            self.cwd = kwargs.get("cwd") or Path.cwd()
            with suppress(OSError):
                pid = self.host.ask(start=cmd[3:], cwd=str(self.cwd), env=dict(kwargs["env"]))
                self.pid = self.pgid = pid  # a session of its own, as jupyter_client gives to every kernel
                self.process = cast("Any", _Fork(self.host, pid))
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


def _manager_on(host: Host) -> type[AsyncKernelManager]:
    class Manager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.provisioner = _Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            self.provisioner.host = host

    return Manager
