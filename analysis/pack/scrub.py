"""Texts without what is personal or secret: each kind of value by its own rule, the same value always the same way."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from analysis.pack import rules
from analysis.pack.label_names import is_bound, is_plain, is_secret, is_sql, is_version, known_as
from analysis.pack.patterns import ADDRESS, is_address, is_private, looks
from analysis.pack.pseudonyms import Pseudonyms
from analysis.sql.fingerprint import Fingerprints

__all__ = ["Scrubber"]

LONG = re.compile(r"\d{9,}|\b(?=\w*\d)[0-9a-fA-F]{24,}\b|\+\d[\d ()/-]{6,}\d|(?<!\d)01\d-\d{3,4}-\d{4}(?!\d)")
TOKEN = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[a-z])(?=[^\s]*[A-Z])[\w+/=.~-]{32,}")
SEGMENT = re.compile(r"\d+|.*\d{6}.*|.*@.*|(?=.*\d)[0-9a-fA-F]{16,}", re.DOTALL)
WORDY = re.compile(r"[A-Za-z]{3,}")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
AFTER_PATH = re.compile(r"[?;#]")
TEMPLATE = re.compile(r"\{[A-Za-z_][\w.-]{0,40}\}|\*{1,2}")
PERSON = frozenset((
    "users", "user", "u", "accounts", "account", "tenants", "tenant", "customers", "customer", "members", "member",
    "reset",
))  # fmt: skip
TAG = re.compile(r":v?(\d{1,3}(?:\.\d{1,3}){3})(?:@sha\d+:[0-9a-f]+)?$")
DIGEST = re.compile(r"@sha\d+:[0-9a-f]+$")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
TOPOLOGY = frozenset(name for names in rules.TOPOLOGY.values() for name in names)
KEPT_ID = re.compile(r"(?=.*\d)[0-9A-Za-z]{4,64}|-?\d{1,20}", re.ASCII)
NUMBERED_ID = re.compile(r"-?\d{1,20}", re.ASCII)
ONE_WORD = re.compile(r"\S{1,200}")
SUFFIXED = re.compile(r"(.+?)(_bucket|_sum|_count|_total|_created)", re.DOTALL)
SHARED_HOSTS = (".gcr.io", ".pkg.dev")
MOST_KNOWN = 100_000


class Scrubber:
    """Redacts texts; addresses, people and tokens become pseudonyms, statements their fingerprints.

    Parameters
    ----------
    names : Pseudonyms
        Gives them out and counts.

    Examples
    --------
    >>> scrub = Scrubber(Pseudonyms(bytes(32)))
    >>> scrub.text("Readiness probe failed: 10.0.0.7:8080"), scrub.label("le", "0.5"), scrub.image("nginx:1.27")
    ('Readiness probe failed: 245.124.133.71:8080', '0.5', 'nginx:1.27')
    >>> scrub.route("/accounts/4711/orders")
    '/accounts/anon-heimjcbfkjij/orders'
    """

    def __init__(self, names: Pseudonyms) -> None:
        self.names = names
        self._fingerprints = Fingerprints()
        # a value that comes a million times is looked at once
        self.text = lru_cache(MOST_KNOWN)(self._text)
        self.route = lru_cache(MOST_KNOWN)(self._route)
        self.client = lru_cache(MOST_KNOWN)(self._client)
        self.statement = lru_cache(MOST_KNOWN)(self._statement)
        self.name = lru_cache(MOST_KNOWN)(self._name)

    def begin(self) -> None:
        """Begin to count anew: for the next file."""
        self.names.begin()
        for known in (self.text, self.route, self.client, self.statement, self.name):
            known.cache_clear()

    def _text(self, text: str) -> str:
        """Return a text in which addresses, e-mails, cards, tokens and the like are pseudonyms; the rest stays."""
        spans = sorted(looks(text), key=lambda s: (s.start, -s.end))
        parts, at = list[str](), 0
        for span in spans:
            if span.start < at:
                continue
            parts += [
                self._without_addresses(text[at : span.start]),
                self.names.of(text[span.start : span.end], span.kind),
            ]
            at = span.end
        parts.append(self._without_addresses(text[at:]))
        return "".join(parts)

    def _without_addresses(self, text: str) -> str:
        return ADDRESS.sub(lambda m: self._address(m.group(), dashed=m.lastgroup == "dashed"), text)

    def _address(self, found: str, *, dashed: bool) -> str:
        lead = "ip-" if found.startswith("ip-") else ""
        plain = found.removeprefix("ip-").replace("-", ".") if dashed else found
        if plain in self.names.harmless or not is_address(plain):
            return found
        new = self.names.address(plain)
        return lead + new.replace(".", "-") if dashed else new

    def _statement(self, text: str) -> str:
        """Return the fingerprint of a statement."""
        shape = self._fingerprints.of(text)[1]
        if shape != text:
            self.names.count("statement", text)
        return shape

    def personal(self, value: str, rule: str) -> str:
        """Return the pseudonym of a value that is personal by its place; an empty one stays empty."""
        return self.names.of(value, rule) if value else value

    def _client(self, value: str) -> str:
        """Return the pseudonym of the address or name of a client; "" and [local] stay."""
        if not value or value == "[local]":
            return value
        bare, slash, net = value.partition("/")
        if is_address(bare):
            return self.names.address(bare) + slash + net
        text = self.text(value)
        return text if text != value or value in ("127.0.0.1", "::1", "localhost") else self.names.of(value, "client")

    def value(self, value: str) -> str:
        """Return a value of which nothing is known: whole as a pseudonym if any of it looks personal."""
        if any(True for _ in looks(value)) or LONG.search(value) or TOKEN.fullmatch(value):
            return self.names.of(value, "value that looks personal")
        return self.text(value)

    def _name(self, name: str) -> str:
        """Return the name of a metric or of a label, a pseudonym if it is no plain one or holds something personal."""
        if is_plain(name):
            return name
        stem, suffix = (found[1], found[2]) if (found := SUFFIXED.fullmatch(name)) else (name, "")
        return self.names.of(stem, "name of a metric or label").replace("-", "_") + suffix

    def label(self, name: str, value: str, metric: str = "") -> str:
        """Return the value of a label of Prometheus, see `rules`: of one that is not known there, a pseudonym."""
        if not value or name == "__name__":
            return self.name(value) if value else value
        known = known_as(name)
        if is_secret(known):
            return self.names.of(value, "label of what is never told")
        if is_bound(known, value):
            return value
        if known in rules.STATEMENT_LABELS:
            return self.statement(value)
        if known in rules.ROUTE_LABELS:
            return self.route(value)
        if known in rules.IMAGE_LABELS:
            return self.image(value)
        if known in rules.ADDRESS_LABELS:
            return self.client(value)
        if known in rules.USER_LABELS and metric.startswith(rules.EVIDENCE_PREFIXES):
            return self.text(value)
        if known in rules.PERSONAL_LABELS:
            return self.names.of(value, f"label {known}")
        if known in rules.IDENTIFIERS:
            kept = (NUMBERED_ID if known in rules.NUMBERED else KEPT_ID).fullmatch(value)
            return value if kept else self.names.of(value, "identifier of another kind")
        if known in TOPOLOGY or (known == "id" and metric.startswith(rules.POOL_PREFIXES)):
            return self._topology(known, value)
        return self.names.of(value, "value of a label that is not known")

    def _topology(self, known: str, value: str) -> str:
        if is_version(known, value) and not any(True for _ in looks(value)):
            return value  # four numbers with dots are no address here
        if is_sql(value):
            return self.text(self.statement(value))
        if known in ("le", "quantile") or (known in rules.WORDS and not ONE_WORD.fullmatch(value)):
            return self.names.of(value, f"label {known}")
        return self.text(value)

    def image(self, image: str) -> str:
        """Return the name of an image with a host of ours as a pseudonym; public registries, path and tag stay."""
        if ", " in image:
            return ", ".join(map(self.image, image.split(", ")))
        lead = found[0] if (found := SCHEME.match(image)) else ""
        host, slash, rest = image.removeprefix(lead).partition("/")
        if "@" in (host if slash else DIGEST.sub("", host)):
            self.names.count("user of a registry", host)
            host = host.rpartition("@")[2]
            image = f"{lead}{host}{slash}{rest}"
        tag = TAG.search(rest or host)
        if tag and is_address(tag[1]) and not is_private(tag[1]) and tag[1] not in self.names.originals:
            self.names.harmless.add(tag[1])  # a version of four parts
        private = slash and (set(".:") & set(host) or host == "localhost")
        if not private or host in rules.PUBLIC_REGISTRIES or host.endswith(SHARED_HOSTS):
            return lead + self.text(image.removeprefix(lead))
        return f"{lead}{self.names.of(host, 'registry')}{slash}{self.text(rest)}"

    def _route(self, route: str) -> str:
        """Return a path with what identifies somebody in it as pseudonyms: numbers, ids, its query.

        Different paths stay different: groups of requests by route are the same groups.
        """
        lead = found[0] if (found := SCHEME.match(route)) else ""
        whole = CONTROL.sub(" ", route.removeprefix(lead))
        path = AFTER_PATH.split(whole, maxsplit=1)[0]
        rest, parts, before = whole[len(path) :], list[str](), ""
        for n, part in enumerate(path.split("/")):
            parts.append(self._segment(part, before, first=bool(lead) and n == 0))
            before = _decoded(part).strip().lower()
        return lead + "/".join(parts) + (f"~{self.names.of(rest, 'query of a route')}" if rest else "")

    def _segment(self, part: str, before: str, *, first: bool) -> str:
        if not part or TEMPLATE.fullmatch(part):
            return part
        if first:
            return self.names.of(part, "host of a route") if "@" in part else self.text(part)
        plain = _decoded(part)
        personal = before in PERSON or SEGMENT.fullmatch(plain) or TOKEN.fullmatch(plain) or _is_id(plain)
        return self.names.of(part, "identifier in a route") if personal or self.value(plain) != plain else part


def _decoded(part: str) -> str:
    """Return a part of a path as it was meant, percent-encoded up to three times."""
    for _ in range(3):
        part = unquote(part)
    return part


def _is_id(plain: str) -> bool:
    """Return whether a part of a path is no word: letters with many digits, mixed case with any, or too long."""
    digits, letters = sum(map(str.isdigit, plain)), any(map(str.isalpha, plain))
    mixed = digits and any(map(str.isupper, plain)) and any(map(str.islower, plain))
    odd = any(c in "/?#;&=%~" for c in plain)
    return odd or bool(mixed) or (letters and digits >= 3) or (len(plain) > 24 and "-" not in plain)
