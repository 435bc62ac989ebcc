"""Pseudonyms: the same value gets the same name everywhere in a pack, and no dictionary leads back without the key.

BLAKE2b with a secret key (RFC 7693, section 2.5). The key lies beside the evidence in the incident folder, `.pack-key`,
readable by its owner only, and is never packed. So the same folder gives the same bytes again, and a reader of the pack
who tries all private addresses or all known names cannot find theirs: a key made from hashes that the pack itself
shows would allow just that, and a key thrown away would give another file every time. Delete it to make a pack that
cannot be joined with earlier ones.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections import Counter
from hashlib import blake2b
from pathlib import Path

from analysis.pack.packed import PackError

__all__ = ["KEY_BYTES", "KEY_FILE", "Pseudonyms", "kept_key"]

KEY_FILE, KEY_BYTES = ".pack-key", 32
MARK = "anon-"
LETTERS = 12  # of 16: of a million values two are the same with p = 0.002, and then the later one gets another
AS_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijkmnpqr")  # a pseudonym with digits looks like a number itself
FIRST_OF_CLASS_E, SIZE_OF_CLASS_E = 240 << 24, (1 << 28) - 2  # 240.0.0.0/4 without its last: no host has one (RFC 1112)
DOCUMENTATION = 0x20010DB8 << 96  # 2001:db8::/32 (RFC 3849)


class Pseudonyms:
    """Gives out pseudonyms and counts the values that were replaced, by rule.

    Addresses become addresses that nobody has (240.0.0.0/4, 2001:db8::/32), so that readers still read them; all else
    becomes `anon-` and 12 letters. Two values never get the same one: the later takes the next.

    Parameters
    ----------
    key : bytes
        16 to 64 bytes.

    Examples
    --------
    >>> names = Pseudonyms(bytes(32))
    >>> names.of("kim@example.org", "e-mail address") == names.of("kim@example.org", "e-mail address")
    True
    >>> names.address("10.0.0.7"), names.changed
    ('245.124.133.71', Counter({'e-mail address': 1, 'address': 1}))
    """

    def __init__(self, key: bytes) -> None:
        if not 16 <= len(key) <= 64:
            raise PackError("the key is too short or too long", where="key", expected="16 to 64 bytes")
        self._key = key
        self._names: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        self.changed: Counter[str] = Counter()
        self._counted: set[tuple[str, str]] = set()
        self.originals: set[str] = set()  # addresses that were replaced
        self.harmless: set[str] = set()  # what looks like an address and is none, such as versions

    def of(self, value: str, rule: str) -> str:
        """Return the pseudonym of a value; the rule is for the counts only."""
        self.count(rule, value)
        return self._named("text", value)

    def count(self, rule: str, value: str) -> None:
        """Count a value that was replaced, each once until `begin`."""
        if (rule, value) not in self._counted:
            self._counted.add((rule, value))
            self.changed[rule] += 1

    def begin(self) -> None:
        """Begin to count anew: for the next file."""
        self.changed.clear()
        self._counted.clear()

    def address(self, value: str) -> str:
        """Return the address that stands for an address (IPv4 or IPv6, without port or zone).

        Raises
        ------
        ValueError
            If it is no address.
        """
        found = ipaddress.ip_address(value)
        if found.is_loopback or found.is_unspecified or value == "255.255.255.255":
            return value  # the same on every machine
        self.count("address", value)
        self.originals.add(value)
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            self.originals.add(str(found.ipv4_mapped))
            return f"::ffff:{self._named('v4', str(found.ipv4_mapped))}"
        return self._named(f"v{found.version}", str(found))

    def issued(self, value: str) -> bool:
        """Return whether a text is a pseudonym of this pack."""
        return value in self._taken

    def _named(self, kind: str, value: str) -> str:
        known = self._names.get((kind, value))
        if known is None:
            turn = 0
            while (new := self._shape(kind, f"{kind}\0{turn}\0{value}")) in self._taken:
                turn += 1
            self._names[kind, value] = known = new
            self._taken.add(new)
        return known

    def _shape(self, kind: str, text: str) -> str:
        number = blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8).digest()
        if kind == "v4":
            return str(ipaddress.IPv4Address(FIRST_OF_CLASS_E + 1 + int.from_bytes(number) % SIZE_OF_CLASS_E))
        if kind == "v6":
            return str(ipaddress.IPv6Address(DOCUMENTATION + 1 + int.from_bytes(number)))
        return MARK + number.hex()[:LETTERS].translate(AS_LETTERS)


def kept_key(folder: Path) -> bytes:
    """Return the key of an incident folder, made the first time; mode 600.

    Parameters
    ----------
    folder : Path
        The incident folder.

    Raises
    ------
    PackError
        If there is none and none can be written, or what is there is no key, or others can read it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept_key(Path(folder)) == kept_key(Path(folder))
    True
    """
    path = folder / KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise PackError(
            f"the key of the pseudonyms cannot be kept: {error.strerror}", where=str(path),
            expected="an incident folder that can be written", next="copy the folder to where you may write",
        ) from None  # fmt: skip
    key = secrets.token_bytes(KEY_BYTES)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(key.hex() + "\n")
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # half a key would be refused for ever
        raise
    return key


def _read_key(path: Path) -> bytes:
    told = {"where": str(path), "expected": f"{2 * KEY_BYTES} hexadecimal digits, readable by its owner only"}
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise PackError("others can read the key of the pseudonyms", **told, next=f"chmod 600 {KEY_FILE}, or delete it")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise PackError("this is no key", **told, next="delete it: another one is made")
    return key
