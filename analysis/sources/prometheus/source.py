"""A server that can be asked: questions by POST, asked again where that may help, within limits, without secrets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from analysis.sources.prometheus.answers import classify
from analysis.sources.prometheus.credentials import Credentials, carried_by, of_proxies
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.question import Form, Question, call_of
from analysis.sources.prometheus.reply import Reply, ended_early, failed, whole
from analysis.sources.prometheus.retries import Breaker, Patience, persist
from analysis.sources.prometheus.secrets import masked
from analysis.sources.prometheus.settings import Settings, checked_url, public_url

if TYPE_CHECKING:
    from requests import Response, Session

__all__ = ["Form", "Reply", "Source"]

T = TypeVar("T")
KEPT_HEADERS = frozenset({"content-type", "content-encoding", "date", "server", "x-server-hostname", "retry-after"})


class Source:
    """A server that can be asked; two threads may do so at once. Close it, or use it in a `with`.

    Parameters
    ----------
    connect : PrometheusConnect
        Whose session is used.
    credentials : Credentials
        What each request carries.
    settings : Settings
        Limits and time-outs.
    patience : Patience
        How often a question is asked again.
    """

    def __init__(
        self, connect: Any, credentials: Credentials, settings: Settings, *, patience: Patience | None = None
    ) -> None:
        self._session: Session = connect._session
        self._settings, self._credentials = settings, credentials
        self.patience = patience or Patience()
        self.name = public_url(settings.url)
        self._secrets = (*credentials.secrets, *of_proxies(_proxies(self._session, settings.url)))
        self._breaker = Breaker()
        self._lock = threading.Lock()
        self._received_bytes = self._requests = 0
        self.sleep: Callable[[float], object] = time.sleep

    @classmethod
    def of(cls, connect: Any, settings: Settings | None = None) -> Source:
        """Return a source that uses a ready PrometheusConnect: its URL, session, headers, auth and certificates.

        It is not changed. Limits and time-outs are those of `settings`; its URL and credentials are not looked at.

        Raises
        ------
        SpecError
            If its URL holds user and password, a query or a fragment.
        """
        from analysis.sources.prometheus.wire import quiet

        url = checked_url(connect.url, where="PrometheusConnect.url")
        credentials = carried_by(connect)
        source = cls(connect, credentials, replace(settings, url=url) if settings else Settings(url))
        source._session = quiet(connect._session)
        return source

    def ask(self, path: str, form: Form, *, patience: Patience | None = None) -> bytes:
        """Return the JSON answer to a question, sent by POST with the form in the body.

        Parameters
        ----------
        path : str
            Below the URL: ``/api/v1/query_range``.
        form : mapping
            Parameters; a sequence stands for one that is repeated. To questions that make the server work it is added
            when to stop (``timeout``), slightly before the answer would not be waited for.
        patience : Patience, optional
            Other than the source's own.

        Raises
        ------
        RequestError
            Given up, after the tries that may help. ``unavailable`` at once when three questions in a row had no
            answer.
        """
        return self._whole("POST", path, form, patience or self.patience)

    def get(self, path: str, form: Form | None = None, *, patience: Patience | None = None) -> bytes:
        """Return the JSON answer of a path that takes no POST (``/api/v1/status/...``); otherwise like `ask`."""
        return self._whole("GET", path, form or {}, patience or self.patience)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        body: bytes = b"",
        form: Form | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        patience: Patience | None = None,
    ) -> Iterator[Reply]:
        """Yield an answer of any content type, its body unread.

        Parameters
        ----------
        path : str
            Below the URL.
        body : bytes
            Sent as it is; then the form goes into the URL.
        form : mapping, optional
            Sent as the body if there is none.
        headers : mapping, optional
            Further headers: Content-Type, Content-Encoding.
        method : str
            POST or GET.
        patience : Patience, optional
            Other than the source's own.

        Raises
        ------
        RequestError
            For another status than 200 (asked again as far as that may help), or, from `chunks`, for a body that ends
            early (not asked again: bytes were handed out).
        """
        patience = patience or self.patience
        question = Question(method, path, form or {}, body, headers or {}, self._silence(patience))
        answer = self._kept(lambda: self._opened(question), patience)
        try:
            yield Reply(
                answer.status_code, answer.headers.get("Content-Type", ""),
                {k.lower(): v for k, v in answer.headers.items() if k.lower() in KEPT_HEADERS},
                lambda: self._named(self._pieces(answer, question.read_seconds)),
            )  # fmt: skip
        finally:
            answer.close()

    @property
    def received_bytes(self) -> int:
        """Bytes of bodies received on the wire so far."""
        return self._received_bytes

    @property
    def requests(self) -> int:
        """Requests made so far, those that failed and those asked again included."""
        return self._requests

    def hide(self, text: str) -> str:
        """Return a text without this source's secrets."""
        return masked(text, self._secrets)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Source({self.name})"

    def _silence(self, patience: Patience) -> float:
        return patience.read_seconds or self._settings.read_seconds

    def _kept(self, attempt: Callable[[], T], patience: Patience) -> T:
        """Return what an attempt brings, asked again as far as that may help, unless the server is left alone."""

        def checked() -> T:
            self._breaker.check()
            return attempt()

        try:
            return persist(checked, patience, sleep=self.sleep)
        except RequestError as error:
            if not patience.optional:
                self._breaker.note(error.failure)
            raise self._with_name(error) from None

    def _named(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the body of a stream; an early end counts as a question without an answer."""
        try:
            yield from chunks
        except RequestError as error:
            self._breaker.note(error.failure)
            raise self._with_name(error) from None
        self._breaker.note(None)

    def _with_name(self, error: RequestError) -> RequestError:
        return RequestError(error.failure, error.tries, where=self.name, next=error.next or _advice(error.failure))

    def _whole(self, method: str, path: str, form: Form, patience: Patience) -> bytes:
        """Return a whole JSON answer."""
        question = Question(method, path, form, b"", {}, self._silence(patience))

        def attempt() -> bytes:
            answer = self._opened(question)
            try:
                content = whole(self._pieces(answer, question.read_seconds), self._settings.answer_bytes)
                failure = classify(200, answer.headers.get("Content-Type", ""), content, hide=self.hide)
                failure = failure or ended_early(answer.headers, content)
            finally:
                answer.close()
            if failure is not None:
                raise RequestError(failure)
            return content

        content = self._kept(attempt, patience)
        self._breaker.note(None)
        return content

    def _opened(self, question: Question) -> Response:
        """Return an answer of HTTP 200 with its body unread."""
        from analysis.sources.prometheus.wire import exchange

        call = call_of(question, self._settings, self._credentials)
        with self._lock:
            self._requests += 1
        answer = exchange(self._session, call)
        if answer.status_code == 200:
            return answer
        try:
            chunks = self._pieces(answer, question.read_seconds)
            failure = failed(answer.status_code, answer.headers, chunks, hide=self.hide)
        finally:
            answer.close()
        raise RequestError(failure)

    def _pieces(self, answer: Response, read_seconds: float) -> Iterator[bytes]:
        """Yield the body of an answer, counted."""
        from analysis.sources.prometheus.body import pieces

        return pieces(
            answer.raw, status=answer.status_code, encoding=answer.headers.get("Content-Encoding", ""),
            patience_seconds=read_seconds, count=self._count,
        )  # fmt: skip

    def _count(self, length: int) -> None:
        with self._lock:
            self._received_bytes += length


def _proxies(session: Session, url: str) -> dict[str, str]:
    """Return the proxies that a session may use."""
    from requests.utils import get_environ_proxies

    return {**(get_environ_proxies(url) if session.trust_env else {}), **session.proxies}


def _advice(failure: Failure) -> str:
    """Return what the user may do about a failure."""
    if failure.kind == "unauthorised":
        return "see sources.prometheus.auth (and tenant, headers) in incident.yaml, and what its reference holds"
    if failure.kind == "unavailable" and failure.text.startswith("no encrypted connection"):
        return "see sources.prometheus.ca, client_cert and url in incident.yaml"
    return ""
