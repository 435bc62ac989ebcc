"""A question as an HTTP request: the form, when the server should stop, the headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.settings import Settings

__all__ = ["Call", "Form", "Question", "call_of"]

Form = Mapping[str, str | Sequence[str]]
WORKING = ("/query", "/query_range")  # the paths whose work a server may be asked to stop


class Question(NamedTuple):
    """What is asked: method, path below the URL, parameters, body, further headers, the longest silence."""

    method: str
    path: str
    form: Form
    body: bytes
    headers: Mapping[str, str]
    read_seconds: float


class Call(NamedTuple):
    """A request: method, URL, parameters in the URL, body, headers, who it comes from, (connect, read) time-outs."""

    method: str
    url: str
    query: str
    body: bytes
    headers: dict[str, str]
    auth: Any
    timeout_seconds: tuple[float, float]


def call_of(question: Question, settings: Settings, auth: Any) -> Call:
    """Return the request of a question.

    Parameters
    ----------
    question : Question
        Its parameters go into the body, of a GET or beside a body of its own into the URL. To a path that makes the
        server work it is added when to stop, a tenth (at most 10 s) before we stop waiting, so that it says so itself.
    settings : Settings
        URL, further parameters, Accept-Encoding.
    auth : callable
        Puts the credentials onto the request when it is sent.

    Raises
    ------
    RequestError
        rejected: a text that is not UTF-8 (half of a surrogate pair).

    Examples
    --------
    >>> question = Question("POST", "/api/v1/query", {"query": "up"}, b"", {}, 60.0)
    >>> call = call_of(question, Settings("http://localhost:9090"), None)
    >>> call.url, call.body
    ('http://localhost:9090/api/v1/query', b'timeout=54&query=up')
    """
    stop = {"timeout": _stop_after(question.read_seconds)} if question.path.endswith(WORKING) else {}
    fields = _encoded({**settings.parameters, **stop, **question.form})
    in_url = question.method == "GET" or bool(question.body)
    headers = {"Accept-Encoding": settings.encoding, "Accept": "*/*"}
    if not in_url:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Call(
        question.method, f"{settings.url}/{question.path.lstrip('/')}", fields if in_url else "",
        question.body if in_url else fields.encode("ascii"), {**headers, **question.headers}, auth,
        (settings.connect_seconds, question.read_seconds),
    )  # fmt: skip


def _stop_after(read_seconds: float) -> str:
    """Return when the server should stop working, in seconds: it looks only between the parts of an expression."""
    return f"{read_seconds - min(10.0, read_seconds / 10):g}"


def _encoded(fields: Form) -> str:
    """Return parameters as a form; RequestError for a text that is none (half of a surrogate pair)."""
    try:
        return urlencode(fields, doseq=True)
    except UnicodeEncodeError:
        pass
    raise RequestError(Failure("rejected", "none", text="the question is not UTF-8 text"), tries=0)
