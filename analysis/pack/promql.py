"""PromQL with the values of its matchers redacted as the labels are, so that it still selects the same series."""

from __future__ import annotations

import re

from analysis.pack.scrub import Scrubber

__all__ = ["scrubbed_promql"]

QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
BRACES = re.compile(rf"([A-Za-z_:][\w:]*)?(\s*\{{)((?:[^{{}}\"'`]|{QUOTED})*)(\}})")
MATCHER = re.compile(rf"([A-Za-z_]\w*)(\s*)(=~|!~|!=|=)(\s*)({QUOTED})")
# regular expressions of which every part is seen: words, wild cards between them, alternatives
SEEN = re.compile(r"(?:[\w:/ @%=,~-]|\\+[.-]|\.[*+]?)*")
WILD = re.compile(r"(?<!\\)\.[*+]|(?<!\\)\.")
SHORT = re.compile(r"[\d.x\[\]|^*+-]{1,8}")  # such as 5.. or [45]..: too short for an address, a number, a name
PART_OF_ADDRESS = re.compile(r"\d{1,3}\\*\.\d{1,3}|[0-9A-Fa-f]{2,4}:[0-9A-Fa-f]")
REMARK = re.compile(rf"({QUOTED})|#[^\n]*")


def scrubbed_promql(promql: str, scrub: Scrubber) -> str:
    r"""Return an expression whose matchers name pseudonyms where its author named addresses, people or statements.

    Of a regular expression each alternative is taken for itself, `10\.0\.0\.7` for the address that it means; one
    that is more than words, `.*`, `.+` and alternatives is a pseudonym as a whole. Remarks are left out, other quoted
    texts are redacted as any text.

    Parameters
    ----------
    promql : str
        The expression.
    scrub : Scrubber
        As for the labels of the samples.

    Examples
    --------
    >>> from analysis.pack.pseudonyms import Pseudonyms
    >>> scrub = Scrubber(Pseudonyms(bytes(32)))
    >>> scrubbed_promql('sum(rate(http_total{instance="10.0.0.7:9090",code=~"5.."}[5m]))', scrub)
    'sum(rate(http_total{instance="245.124.133.71:9090",code=~"5.."}[5m]))'
    """
    promql = REMARK.sub(lambda m: m[1] or "", promql)
    parts, at = list[str](), 0
    for found in BRACES.finditer(promql):
        metric = found[1] or ""
        inner = MATCHER.sub(lambda m, metric=metric: _matcher(m, metric, scrub), found[3])
        parts += [
            scrub.text(promql[at : found.start()]),
            scrub.name(metric) if metric else "",
            found[2],
            inner,
            found[4],
        ]
        at = found.end()
    return "".join([*parts, scrub.text(promql[at:])])


def _matcher(found: re.Match[str], metric: str, scrub: Scrubber) -> str:
    name, before, op, after, quoted = found.groups()
    quote, value = quoted[0], quoted[1:-1]
    if op in ("=~", "!~"):
        if SEEN.fullmatch(value.replace("|", "")):
            new = "|".join(_alternative(part, name, metric, scrub) for part in value.split("|"))
        else:
            new = value if SHORT.fullmatch(value) else scrub.personal(value, "matcher")
    else:
        plain = value if quote == "`" else re.sub(r"\\(.)", r"\1", value)
        redacted = scrub.label(name, plain, metric)
        new = value if redacted == plain else _escaped(redacted, quote)
    return f"{scrub.name(name)}{before}{op}{after}{quote}{new}{quote}"


def _escaped(text: str, quote: str) -> str:
    return text if quote == "`" else text.replace("\\", "\\\\").replace(quote, f"\\{quote}")


def _alternative(part: str, name: str, metric: str, scrub: Scrubber) -> str:
    wild = WILD.search(part) is not None
    plain = re.sub(r"\\+([.-])", r"\1", part)
    if not plain or (wild and not WILD.sub("", part)) or SHORT.fullmatch(part):
        return part
    if wild and not PART_OF_ADDRESS.search(part):
        words = [word for word in WILD.split(part) if word]
        return part if all(scrub.label(name, word, metric) == word for word in words) else _whole(part, scrub)
    redacted = scrub.label(name, plain, metric)
    if redacted == plain and not wild:
        return part
    return _whole(part, scrub) if wild and redacted == plain else redacted


def _whole(part: str, scrub: Scrubber) -> str:
    return scrub.names.of(part, "matcher")
