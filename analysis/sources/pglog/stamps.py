"""Stamps of log lines to microseconds since the epoch; a zone that is only an abbreviation is not guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analysis.errors import EvidenceError
from analysis.sources.times import EPOCH_RANGE

__all__ = ["EPOCH_STAMP", "STAMP", "Clock", "zone_named"]

ZONE = rb" ?(?:(?!(?:LOG|ERROR|FATAL|PANIC|HINT|DEBUG|INFO) ?:)[A-Za-z]{1,6}\b|[+-]\d\d(?::?\d\d){0,2})"
STAMP = rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: UTC\b|" + ZONE + rb")?"
EPOCH_STAMP = rb"1\d{9}\.\d{1,6}"
TAIL = re.compile(rb"(?:[.,](\d{1,9}))? ?(?:([A-Za-z]{1,6})|([+-])(\d\d):?(\d\d)?:?(\d\d)?)?")
OF_UTC = (b"UTC", b"GMT", b"Z", b"z", b"UCT", b"utc", b"Zulu")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND, SECOND = timedelta(microseconds=1), 1_000_000
MOST_KNOWN = 20_000
BACKWARDS = 60 * SECOND  # lines of several processes are this little out of order


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database.

    Raises
    ------
    EvidenceError
        If there is none of that name.

    Examples
    --------
    >>> zone_named("Europe/Paris").key
    'Europe/Paris'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvidenceError(
            f"there is no time zone {name[:60]!r}",
            where="timezone",
            expected="a name of the IANA database, as Europe/Paris or UTC",
            next="give the zone of the server's log_timezone",
        ) from None


class Clock:
    """Stamps to times [us since the epoch].

    UTC, GMT and numeric offsets are understood; any other abbreviation, or none, needs the zone of the server. In the
    hour that the end of summer time repeats the abbreviation tells which one is meant, else the order of the lines; a
    stamp of which neither tells is counted in `ambiguous`.

    Parameters
    ----------
    timezone : str, optional
        IANA name of the zone of stamps that do not say their own.
    file : str
        Name of the file, for errors.

    Examples
    --------
    >>> Clock()(b"2026-11-22 18:04:30.123 UTC") - Clock()(b"2026-11-22 19:04:30 +01")
    123000
    >>> Clock("Europe/Berlin")(b"2026-11-22 19:04:30 CET") == Clock()(b"2026-11-22T18:04:30Z")
    True
    """

    def __init__(self, timezone: str | None = None, *, file: str = "") -> None:
        self.ambiguous = 0
        self._zone = None if timezone is None else zone_named(timezone)
        self._file = file
        self.heads: dict[bytes, int] = {}  # first 19 bytes of a stamp that says its zone, and what follows: their sum
        self.tails: dict[bytes, int] = {}
        self._local_heads: dict[bytes, int] = {}  # of the zone that was given, but the hour that comes twice
        self._local_tails: dict[bytes, int] = {}
        self._latest = 0

    def __call__(self, stamp: bytes) -> int:
        """Return the time of a stamp; raise ValueError if it is no time, EvidenceError if its zone is not known."""
        head, tail = stamp[:19], stamp[19:]
        fraction = self.tails.get(tail)
        if fraction is not None:
            us = self.heads.get(head)
            if us is not None:
                return us + fraction
        else:
            fraction = self._local_tails.get(tail)
            if fraction is not None:
                us = self._local_heads.get(head)
                if us is not None:
                    self._latest = us if us > self._latest else self._latest
                    return us + fraction
        return self._first(head, tail)

    def _first(self, head: bytes, tail: bytes) -> int:
        if len(self.heads) + len(self._local_heads) > MOST_KNOWN:
            for known in (self.heads, self.tails, self._local_heads, self._local_tails):
                known.clear()
        if head[4:5] != b"-":
            return _epoch(head + tail)
        naive = datetime.fromisoformat(head.decode("ascii"))
        us = (naive.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
        if not EPOCH_RANGE[0] <= us < EPOCH_RANGE[1]:
            raise ValueError("not a time of an incident")
        offset, name = self._parsed(tail)
        if name is None:
            self.heads[head], self.tails[tail] = us, offset
            return us + offset
        us, sure = self._local(naive, name)
        if sure:
            self._local_heads[head], self._local_tails[tail] = us, offset
        return us + offset

    def _parsed(self, tail: bytes) -> tuple[int, bytes | None]:
        """Return what to add for the fraction and the offset, and the zone's abbreviation if that is all there is."""
        found = TAIL.fullmatch(tail)
        if found is None:
            raise ValueError("not the end of a stamp")
        fraction = int(found[1][:6].ljust(6, b"0")) if found[1] else 0
        if found[3]:
            seconds = int(found[4]) * 3600 + int(found[5] or 0) * 60 + int(found[6] or 0)
            return fraction - (seconds if found[3] == b"+" else -seconds) * SECOND, None
        return fraction, None if found[2] in OF_UTC else found[2] or b""

    def _local(self, naive: datetime, name: bytes) -> tuple[int, bool]:
        """Return the time of a local stamp, and whether every stamp of that second means it."""
        if self._zone is None:
            said = name.decode("ascii")
            raise EvidenceError(
                f"the zone of its times is only an abbreviation, {said}" if said else "its times have no zone",
                where=self._file,
                expected="times in UTC or with a numeric offset (log_timezone = 'UTC')",
                next="say which zone it is: timezone: an IANA name such as Europe/Paris (as option: --timezone)",
            )
        both = [naive.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1)]
        times = [(t.astimezone(UTC) - EPOCH) // MICROSECOND for t in both]
        choice = 0
        if times[0] < times[1]:  # the hour that comes twice; in the hour that is left out it is the other way round
            told = [t.tzname() == name.decode("ascii") for t in both]
            if any(told):
                choice = told.index(True)
            elif self._latest:
                choice = int(times[0] < self._latest - BACKWARDS)
            else:
                self.ambiguous += 1
        self._latest = max(self._latest, times[choice])
        return times[choice], times[0] >= times[1]


def _epoch(stamp: bytes) -> int:
    whole, _, fraction = stamp.partition(b".")
    us = int(whole) * SECOND + int(fraction[:6].ljust(6, b"0") or 0)
    if not EPOCH_RANGE[0] <= us < EPOCH_RANGE[1]:
        raise ValueError("not a time of an incident")
    return us
