"""What an answer says: a failure of which kind, in which words; which warnings mean missing data."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from analysis.sources.prometheus.failures import Failure, Kind
from analysis.sources.prometheus.secrets import masked

__all__ = ["LONGEST_TEXT", "classify", "is_json", "shortened", "warnings_of"]

LONGEST_TEXT = 500
LEFT_OUT = " ... "
ADVICE = re.compile(r"PromQL (warning|info)\b")
PARTIAL = "the server says that its answer is partial (isPartial)"
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
SAID_ERROR = re.compile(rb'\s*\{\s*"status"\s*:\s*"error"')

Remedy = Literal["retry", "split", "none"]


class Rule(NamedTuple):
    """Words of a server's error, and what they mean."""

    words: re.Pattern[str]
    kind: Kind
    remedy: Remedy


def _rule(words: str, kind: Kind, remedy: Remedy) -> Rule:
    return Rule(re.compile(words, re.IGNORECASE), kind, remedy)


# The first that is found decides; the servers' own texts (Prometheus 2.42, VictoriaMetrics 1.79; Mimir: its error ids).
RULES = (
    _rule(r"timed out in query queue", "queue_full", "retry"),
    _rule(r"cannot handle more than \d+ concurrent|too many concurrent|maxConcurrentRequests", "queue_full", "retry"),
    _rule(r"too many outstanding requests", "queue_full", "retry"),
    _rule(r"exceeded maximum resolution of|too many points for the given step", "too_many_points", "split"),
    _rule(r"maxUniqueTimeseries|of matching (unique )?timeseries exceeds|max-series-per-query|exceeded series limit",
          "too_many_samples", "none"),
    _rule(r"too many samples|maxSamplesPer|exceeded (samples?|chunks?) limit", "too_many_samples", "split"),
    _rule(r"err-mimir-max-(chunks|chunks-bytes|estimated-chunks|estimated-memory-consumption)-per-query",
          "too_many_samples", "split"),
    _rule(r"err-mimir-max-total-query-length|query length exceeds the limit", "too_many_samples", "split"),
    _rule(r"query timed out|timeout exceeded (during|before|while)|context deadline exceeded", "timed_out", "split"),
    _rule(r"TSDB not ready|query was canceled", "unavailable", "retry"),
    _rule(r"unsupported path requested|is not supported by this server|not implemented", "not_offered", "none"),
)  # fmt: skip
GATEWAY = frozenset({502, 503, 504})
ABSENT = frozenset({404, 405, 410, 501})


def classify(status: int, content_type: str, body: bytes, *, hide: Callable[[str], str] = masked) -> Failure | None:
    """Return how an answer failed, None for a good one: HTTP 200, JSON that does not say ``"status": "error"``.

    Parameters
    ----------
    status : int
        Of HTTP.
    content_type : str
        As sent; a good answer is JSON, by name.
    body : bytes
        Not compressed. Of a good answer only the two ends are looked at.
    hide : callable
        Takes the secrets out of a text.

    Notes
    -----
    What is asked again and what is not: the server's queue, a proxy without a server and a server that starts are; a
    time-out or a limit during the work is not, there half of the window is asked for.

    Examples
    --------
    >>> body = b'{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}'
    >>> failure = classify(503, "application/json", body)
    >>> failure.kind, failure.remedy, failure.text
    ('timed_out', 'split', 'query timed out in expression evaluation')
    >>> classify(503, "text/plain", b"Service Unavailable").remedy
    'retry'
    """
    if status == 200:
        return _of_success(content_type, body, hide)
    document = _object(content_type, body)
    error_type = str(document.get("errorType", "")) if document else ""
    text = _words(document, body, content_type)
    kind, remedy = _meaning(status, error_type, text, from_server=bool(error_type))
    return Failure(kind, remedy, status, hide(error_type)[:80], shortened(text, hide))


def _of_success(content_type: str, body: bytes, hide: Callable[[str], str]) -> Failure | None:
    """Return the failure that stands behind HTTP 200: another kind of document, an error in JSON, an early end."""
    if not is_json(content_type):
        text = shortened(_words(None, body[:65_536], content_type), hide)
        kind_of = content_type.split(";")[0].strip() or "no content type"
        return Failure("not_understood", "none", 200, "", shortened(f"{kind_of} instead of JSON: {text}", hide))
    if not body.rstrip().endswith(b"}"):
        return Failure("truncated", "retry", 200, "", f"the answer ends within the document, after {len(body):,} bytes")
    if SAID_ERROR.match(body[:200]):
        document = _object(content_type, body) or {}
        text = _words(document, body, content_type)
        kind, remedy = _meaning(422, str(document.get("errorType", "")), text, from_server=True)
        return Failure(kind, remedy, 200, hide(str(document.get("errorType", "")))[:80], shortened(text, hide))
    return None


def _meaning(status: int, error_type: str, text: str, *, from_server: bool) -> tuple[Kind, Remedy]:
    """Return kind and remedy of an error; `from_server` if it came with an errorType, so not from a proxy."""
    if status in (401, 403, 407):
        return "unauthorised", "none"
    said = QUOTED.sub('""', text)  # VictoriaMetrics repeats the question, whose words are not the server's
    found = next((rule for rule in RULES if rule.words.search(said)), None)
    if found is not None and (from_server or found.kind == "not_offered" or status not in GATEWAY):
        return found.kind, found.remedy
    if from_server and error_type == "timeout":
        return "timed_out", "split"
    if status in (408, 429) or (status in GATEWAY and error_type not in ("execution", "internal", "bad_data", "422")):
        return "unavailable", "retry"
    if status in ABSENT:
        return "not_offered", "none"
    if 300 <= status < 400 or status < 300:
        return "not_understood", "none"
    return ("unavailable" if status >= 500 and error_type != "execution" else "rejected"), "none"


def is_json(content_type: str) -> bool:
    """Tell whether a content type is JSON; a stream of JSON lines is not.

    Examples
    --------
    >>> is_json("application/json; charset=utf-8"), is_json("text/html"), is_json("application/stream+json")
    (True, False, False)
    """
    return content_type.split(";")[0].strip().lower() == "application/json"


def shortened(text: str, hide: Callable[[str], str] = masked) -> str:
    r"""Return at most 500 characters in one line, without secrets (taken out before it is cut).

    Parameters
    ----------
    text : str
        A server's words. Of a long one the middle is left out: its cause stands at its end.
    hide : callable
        Takes the secrets out of a text.

    Examples
    --------
    >>> shortened("a\n  b"), len(shortened("x" * 900)), shortened("x" * 900 + ": the cause")[-11:]
    ('a b', 500, ': the cause')
    """
    line = re.sub(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+", " ", hide(text)).strip()
    line = line.encode("utf-8", "replace").decode("utf-8")
    if len(line) <= LONGEST_TEXT:
        return line
    half = (LONGEST_TEXT - len(LEFT_OUT)) // 2
    return f"{line[:half]}{LEFT_OUT}{line[half + len(LEFT_OUT) - LONGEST_TEXT :]}"


def _object(content_type: str, body: bytes) -> dict[str, Any] | None:
    """Return the body if it is a JSON object, whatever the content type says (proxies change it), else None."""
    if not is_json(content_type) and not body.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _words(document: Mapping[str, Any] | None, body: bytes, content_type: str) -> str:
    """Return the words of an error: its field of JSON, the title of a page, else the text itself without tags."""
    if document is not None:
        for field in ("error", "message", "detail", "msg"):
            if isinstance(document.get(field), str) and document[field].strip():
                return str(document[field])
    text = body.decode("utf-8", "replace")
    if "html" in content_type.lower() or re.match(r"\s*<(!doctype|html|head)\b", text, re.IGNORECASE):
        return _of_page(text)
    return text


def _of_page(text: str) -> str:
    """Return the title of a page, else its first words."""
    text = text[:16_384]
    title = re.search(r"<title[^>]*>([^<]*)</title", text, re.IGNORECASE)
    if title and title[1].strip():
        return html.unescape(title[1])
    text = re.sub(r"<(script|style)\b[^>]*>.*?(</\1\s*>|\Z)", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<!--.*?(-->|\Z)|<[^>]*(>|\Z)", " ", text, flags=re.DOTALL))


def warnings_of(
    document: Mapping[str, Any], *, hide: Callable[[str], str] = masked
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the warnings of an answer that mean missing data, and those that are advice, each once, in their order.

    Parameters
    ----------
    document : mapping
        The decoded answer. Its `infos`, and its `warnings` that begin with ``PromQL warning`` or ``PromQL info``
        (annotations of the engine), are advice. Every other warning is about storage: data may be missing. So does
        ``isPartial: true`` of VictoriaMetrics.
    hide : callable
        Takes the secrets out of a text.

    Examples
    --------
    >>> warnings_of({"warnings": ["PromQL info: metric might not be a counter", "remote_read: refused"]})
    (('remote_read: refused',), ('PromQL info: metric might not be a counter',))
    """
    warnings = [shortened(text, hide) for text in _texts(document.get("warnings"))]
    partial = [text for text in warnings if not ADVICE.match(text)]
    if document.get("isPartial") is True:
        partial.append(PARTIAL)
    advice = [text for text in warnings if ADVICE.match(text)]
    advice += [shortened(text, hide) for text in _texts(document.get("infos"))]
    return tuple(dict.fromkeys(partial)), tuple(dict.fromkeys(advice))


def _texts(found: object) -> Iterable[str]:
    """Return the texts of a list that should hold texts; whatever else stands there is kept as text."""
    if found is None:
        return []
    return [str(text) for text in (found if isinstance(found, list | tuple) else [found])]
