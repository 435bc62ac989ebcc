"""The last gate: the finished pack is searched, unpacked, for what must not leave; a hit is named, not shown."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.pack.label_names import is_bound, is_version, known_as
from analysis.pack.packed import PackError, Suspicion
from analysis.pack.patterns import ADDRESS, is_address, looks, wary
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.rules import IDENTIFIERS, STATEMENT_LABELS
from analysis.pack.tables import KEPT
from analysis.store import MANIFEST

__all__ = ["Secrets", "forms_of", "hits_in", "refuse", "secrets_of", "suspicions_in"]

SHORTEST = 6  # characters; a shorter secret would be found everywhere
REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)|file:(/\S+)")
IDS = "|".join(sorted(IDENTIFIERS | {"file", "db_id", "tokenized_id", "id", "sha256", "original_sha256"}))
# identifiers of statements are long numbers of which one in ten has the check digit of a card
IDENTIFIED = re.compile(rf'"(?:[\w.]*\.)?(?:{IDS})"\s*:\s*"?-?[\w:./-]*"?')
LONGEST_REFERENCE = 1 << 16
STATEMENTS = "raw/db/"  # names of columns in statements look like names of secrets: `token = t.token` is none
SOFT = "password or token"
HARMLESS = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z| UTC)?|\banon-[a-r]{12}|duration: \d{1,15}\.?\d{0,9} ms|"
    r'"pid":\d{1,10},|'
    r'\b(?:le|quantile)=~?\\*"[\d.eE+-]{1,32}\\*"|\w*version=~?\\*"v?\d{1,5}(?:\.\d{1,5}){2,5}(?=[\\"])|'
    r'"session_id":"[0-9a-f]{1,16}(?:\.[0-9a-f]{1,8})?"'
)
COUNTS = re.compile(r'"[\w ]{1,60}": \d{1,7}(?=[,\n])')  # of our own manifest: "bearer token": 2
NUMBERS = re.compile(rf"{KEPT.pattern}|end|started_at|finished_at|replicas|statements")
UNSEEN = IDENTIFIERS | STATEMENT_LABELS


class Secrets(NamedTuple):
    """What the references of a spec resolve to: reference -> value; and those that could not be searched for, why."""

    values: dict[str, str]
    unknown: tuple[str, ...]


def secrets_of(references: Iterable[str]) -> Secrets:
    """Return the secrets behind references such as env:NAME and file:/path.

    Examples
    --------
    >>> secrets_of(["env:NO_SUCH_VARIABLE_HERE"]).unknown
    ('env:NO_SUCH_VARIABLE_HERE: not set here, so the pack was not searched for it',)
    """
    values, unknown = dict[str, str](), list[str]()
    for reference in sorted(set(references)):
        found = REFERENCE.fullmatch(reference)
        if found is None:
            continue
        try:
            value = os.environ.get(found[1]) if found[1] else Path(found[2]).read_text("utf-8", "replace")
        except OSError:
            value = None
        value = (value or "").strip()[:LONGEST_REFERENCE]
        if not value:
            unknown.append(f"{reference}: not set here, so the pack was not searched for it")
        elif len(value) < SHORTEST:
            unknown.append(f"{reference}: shorter than {SHORTEST} characters, so the pack was not searched for it")
        else:
            values[reference] = value
    return Secrets(values, tuple(unknown))


def forms_of(secret: str) -> frozenset[bytes]:
    """Return the ways in which a secret may be written: plain, percent-encoded, in JSON, hexadecimal, base64.

    In base64 it may begin at any of three places of a group, so its middle is what is looked for.

    Examples
    --------
    >>> forms = forms_of("s3cr t! 77")
    >>> b"s3cr%20t%21%2077" in forms, any(form in base64.b64encode(b"user:s3cr t! 77") for form in forms)
    (True, True)
    """
    data = secret.encode("utf-8")
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    forms = {data, quote(secret, safe="").encode(), quote_plus(secret).encode(), quote(secret).encode()}
    forms |= {escaped.encode(), data.hex().encode(), data.hex().upper().encode()}
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + data).rstrip(b"=")
        middle = coded[(lead * 4 + 2) // 3 : (len(data) + lead) * 4 // 3]
        if len(middle) >= SHORTEST:
            forms |= {middle, middle.translate(bytes.maketrans(b"+/", b"-_"))}
    return frozenset(form for form in forms if len(form) >= SHORTEST)


def hits_in(root: Path, secrets: Secrets, names: Pseudonyms, *, words: frozenset[str]) -> list[Suspicion]:
    """Return every place of a finished pack that must not leave.

    Parameters
    ----------
    root : Path
        The folder of the pack.
    secrets : Secrets
        Looked for in every file.
    names : Pseudonyms
        Addresses that it did not give out are those of somebody.
    words : frozenset of str
        Files of the author's own words: only secrets are looked for in them, the rest is `suspicions_in`.

    Returns
    -------
    list of Suspicion
        Empty if the pack may leave.
    """
    wanted = {reference: forms_of(value) for reference, value in secrets.values.items()}
    found = list[Suspicion]()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        shown = path.relative_to(root).as_posix()
        for data in (path.read_bytes(), *_unpacked(path), shown.encode()):
            found += [
                Suspicion(shown, 0, f"secret of {ref}") for ref, fs in wanted.items() if any(f in data for f in fs)
            ]
        if shown not in words:
            passed = SOFT if shown.startswith(STATEMENTS) else ""
            found += [Suspicion(shown, line, kind) for line, kind in _lines(path, names) if kind != passed]
    return list(dict.fromkeys(found))


def suspicions_in(name: str, text: str, names: Pseudonyms) -> list[Suspicion]:
    """Return the places of the author's words that look personal or secret.

    Examples
    --------
    >>> suspicions_in("narrative.md", "we asked kim@example.org", Pseudonyms(bytes(32)))
    [Suspicion(file='narrative.md', line=1, kind='e-mail address')]
    """
    found = [Suspicion(name, line, kind) for line, kind in _kinds(text, names)]
    found += [Suspicion(name, text.count("\n", 0, look.start) + 1, look.kind) for look in wary(text)]
    return sorted(dict.fromkeys(found), key=lambda s: s.line)


def refuse(hits: list[Suspicion]) -> None:
    """Raise if there is anything.

    Raises
    ------
    PackError
        It names files, lines and kinds, never values.
    """
    if hits:
        more = f" and {len(hits) - 10} more" if len(hits) > 10 else ""
        raise PackError(
            f"{len(hits)} places would tell what must not leave; nothing was published",
            where="; ".join(map(str, hits[:10])) + more, expected="a pack without secrets and personal data",
            next="report this: what we make must not hold it; until then leave the file out of raw/",
        )  # fmt: skip


def _unpacked(path: Path) -> Iterator[bytes]:
    if path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())
    elif path.suffix == ".zst":
        with pa.input_stream(str(path), compression="zstd") as stream:
            yield stream.read()
    elif path.suffix in (".parquet", ".pq"):
        yield "\n".join(text for _, text in _cells(path, every=True)).encode("utf-8", "replace")


def _lines(path: Path, names: Pseudonyms) -> Iterator[tuple[int, str]]:
    """Yield line and kind of what a file holds; of a table the line is its row, of the first of equal texts."""
    if path.suffix in (".parquet", ".pq"):
        for row, text in _cells(path):
            yield from ((row, kind) for _, kind in _kinds(text, names))
        return
    data = next(_unpacked(path), None) or path.read_bytes()
    text = data.decode("utf-8", "replace")
    if ".csv" in path.suffixes:
        text = _without_numbers(text)
    elif '"' in text:
        text = IDENTIFIED.sub("", COUNTS.sub("", text) if path.name == MANIFEST else text)
    first = dict[str, int]()  # lines that differ in nothing but times and pseudonyms are looked at once
    for number, line in enumerate(HARMLESS.sub("", text).split("\n"), 1):
        first.setdefault(line, number)
    numbers = list(first.values())
    yield from ((numbers[line - 1], kind) for line, kind in _kinds("\n".join(first), names))


def _without_numbers(text: str) -> str:
    """Return a CSV without the columns that hold numbers and ids by their making: one in ten looks like a card."""
    rows = list(csv.reader(io.StringIO(text)))
    kept = [at for at, name in enumerate(rows[0] if rows else ()) if not NUMBERS.fullmatch(name.lower())]
    return "\n".join(" , ".join(row[at].replace("\n", " ") for at in kept if at < len(row)) for row in rows)


def _kinds(text: str, names: Pseudonyms) -> Iterator[tuple[int, str]]:
    spots = [(found.start, found.kind) for found in looks(text)]
    for match in ADDRESS.finditer(text):
        plain = match[0].removeprefix("ip-").replace("-", ".") if match.lastgroup == "dashed" else match[0]
        plain = plain.removeprefix("::ffff:") if "." in plain else plain
        if is_address(plain) and not names.issued(plain) and plain not in names.harmless:
            spots.append((match.start(), "address of a host"))
    for start, kind in sorted(spots):
        yield text.count("\n", 0, start) + 1, kind


def _cells(path: Path, *, every: bool = False) -> Iterator[tuple[int, str]]:
    """Yield row and text of the distinct texts of a Parquet file, its names and remarks.

    Ids of statements, statements and bounds of buckets are left out, as they look like something else, unless `every`.
    """
    table = pq.read_table(path)
    remarks = {**(table.schema.metadata or {}), **(pq.read_metadata(path).metadata or {})}
    for field in table.schema:
        remarks |= {k: v for k, v in (field.metadata or {}).items() if k != b"PARQUET:field_id"}
    yield 0, "\n".join([*table.column_names, *(f"{k!r} {v!r}" for k, v in remarks.items() if k != b"ARROW:schema")])
    for name in table.column_names:
        kind = table.schema.field(name).type
        if pa.types.is_map(kind):
            yield from _entries(table[name].to_pylist(), every=every)
        elif (pa.types.is_nested(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)) and (
            every or name.lower() not in IDENTIFIERS
        ):
            first = dict[str, int]()
            for row, cell in enumerate(table[name].to_pylist(), 1):
                if cell is not None:
                    first.setdefault(str(cell), row)
            yield from ((row, text) for text, row in first.items())


def _entries(rows: Iterable[Iterable[tuple[object, object]] | None], *, every: bool) -> Iterator[tuple[int, str]]:
    """Yield row and text of the keys and of the values of maps, each once; versions without what is like an address."""
    seen = set[str]()
    for row, pairs in enumerate(rows, 1):
        for name, value in pairs or ():
            for text in (str(name), *_searched(str(name), str(value), every=every)):
                if text not in seen:
                    seen.add(text)
                    yield row, text


def _searched(name: str, value: str, *, every: bool) -> tuple[str, ...]:
    known = known_as(name)
    if every:
        return (value,)
    if known in UNSEEN or is_bound(known, value):
        return ()
    return (ADDRESS.sub("", value) if is_version(known, value) else value,)
