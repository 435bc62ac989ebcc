"""What a message says of the duration of a statement, and of a statement without one, in several languages."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["DURATION", "Message", "message_of", "without_duration"]

# English, as part of the pattern of a head: number [ms], what took it, the name that follows
DURATION = (
    rb"(?:duration: (\d{1,15}(?:\.\d{1,9})?) ms"
    rb"(?:(?: +rows: \d+ +size: \d+ bytes)? +([a-z]+)((?: [^:\n]*(?::(?! )[^:\n]*)*)?): ?)?)?"
)
ENGLISH = re.compile(DURATION)
WORDS = (
    "duration|Dauer|durée|duración|durata|duração|продолжительность|期間|执行时间|持续时间|수행시간|süre|czas trwania"
)
UNITS = "ms|мс|ミリ秒|毫秒|밀리초"
SPOKEN = re.compile(
    rf"(?:{WORDS}) ?: ?(\d{{1,15}}(?:[.,]\d{{1,9}})?) ?(?:{UNITS})\.?".encode()
    + rb"(?:[, ] *(?:rows: \d+ +size: \d+ bytes *)?([^\s:\d]{2,40})((?: [^\s:]{1,64}){0,5}) ?: ?|(?=\s*\Z))"
)
STATEMENT = re.compile(
    "(?:(?:statement|query|Anweisung|instruction|sentencia|istruzione|comando|оператор|文|语句) ?: ?|"
    "(execute|Ausführen|exécute|ejecutar|выполнение|esecuzione) [^:\n]{1,100} ?: )".encode(),
    re.IGNORECASE,
)
KINDS = {
    "parse": ("parse", "prepare", "parsen", "analyse", "разбор"),
    "bind": ("bind", "binden", "lien", "привязка", "enlace"),
    "execute": ("execute", "ausführen", "exécute", "ejecutar", "выполнение", "esecuzione"),
    "plan": ("plan", "план"),
    "fastpath": ("fastpath",),
}  # fmt: skip
KIND_OF = {word.encode(): kind.encode() for kind, words in KINDS.items() for word in words}


class Message(NamedTuple):
    """A message: `duration` [ms] or None, what took it or None, the name that follows, and the rest.

    What took it is b"statement", b"execute", b"parse", b"bind", b"plan" or b"fastpath".
    """

    duration: bytes | None
    kind: bytes | None
    name: bytes
    text: bytes


def message_of(message: bytes) -> Message:
    """Return what a message says of a duration; without one all of it is `text`.

    Examples
    --------
    >>> message_of(b"duration: 1.5 ms  execute S_1: select 1")
    Message(duration=b'1.5', kind=b'execute', name=b' S_1', text=b'select 1')
    >>> message_of("durée : 0.250 ms, instruction : select 2".encode())
    Message(duration=b'0.250', kind=b'statement', name=b'', text=b'select 2')
    >>> message_of(b"checkpoint starting: time").duration is None
    True
    """
    found = ENGLISH.match(message)
    if found is not None and found[1] is not None:
        return Message(found[1], found[2], found[3] or b"", message[found.end() :])
    if (found := SPOKEN.match(message)) is not None:
        kind = KIND_OF.get(found[2].lower(), b"statement") if found[2] else None
        return Message(found[1].replace(b",", b"."), kind, found[3] or b"", message[found.end() :])
    return Message(None, None, b"", message)


def without_duration(text: bytes) -> tuple[bytes, int] | None:
    """Return the kind of a statement that is logged before it runs, and where its text begins; None if it is none.

    Examples
    --------
    >>> without_duration(b"statement: select 1"), without_duration(b"execute S_1: select 2")
    ((b'statement', 11), (b'execute', 13))
    """
    found = STATEMENT.match(text)
    return None if found is None else (b"execute" if found[1] else b"statement", found.end())
