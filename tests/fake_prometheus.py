"""An HTTP server that stands before a real Prometheus (or none) and spoils what a script says: `fault_proxy`."""

import gzip
import http.client
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

JSON, HTML, TEXT = "application/json", "text/html", "text/plain; charset=utf-8"
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "server", "date"}


@dataclass(frozen=True)
class Fault:
    """What is done to one request.

    status 0 passes it through and then spoils the real answer; another one is answered with `body`.
    late_seconds waits before; cut ends the body early: "length" (less than Content-Length), "chunk" (within a chunk),
    "close" (no length, no chunks), "gzip" (a gzip stream ends early, in a body of the right length); reset closes the
    connection without an answer; trickle_seconds is waited between bytes; gzipped compresses; into changes the body.
    """

    status: int = 0
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    late_seconds: float = 0.0
    cut: str = ""
    reset: bool = False
    trickle_seconds: float = 0.0
    gzipped: bool = False
    into: Callable[[bytes], bytes] | None = None


class Seen(NamedTuple):
    """A request that came."""

    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]
    body: bytes


Script = Callable[[str, dict[str, str], int], Fault | None]


def error(status: int, error_type: str, text: str) -> Fault:
    """Return an error as Prometheus writes it."""
    return Fault(status, json.dumps({"status": "error", "errorType": error_type, "error": text}).encode())


QUEUE_FULL = error(503, "timeout", "query timed out in query queue")
TIMED_OUT = error(503, "timeout", "query timed out in expression evaluation")
TIMED_OUT_SELECTING = error(422, "execution", "expanding series: context deadline exceeded")
TOO_MANY_SAMPLES = error(
    422, "execution", "query processing would load too many samples into memory in query execution"
)
STARTING = Fault(503, b"Service Unavailable", TEXT)
BAD_GATEWAY = Fault(502, b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", HTML)
SLOW_DOWN = Fault(429, b"slow down", TEXT, {"Retry-After": "7"})
FORBIDDEN = Fault(403, b"<html><title>Forbidden</title></html>", HTML)
UNAUTHORISED = Fault(401, b"Unauthorized", TEXT, {"WWW-Authenticate": "Basic"})
RESET = Fault(reset=True)
GZIPPED = Fault(gzipped=True)


def cut(how: str) -> Fault:
    """Return a body that ends early: "length", "chunk", "close" or "gzip"."""
    return Fault(cut=how)


def late(seconds: float) -> Fault:
    return Fault(late_seconds=seconds)


def trickle(seconds: float) -> Fault:
    return Fault(trickle_seconds=seconds)


def redirect(url: str, status: int = 307) -> Fault:
    return Fault(status, b"", TEXT, {"Location": url})


def partial(*warnings: str) -> Fault:
    """Return the real answer with warnings, as a store that does not answer leaves it."""
    return Fault(into=lambda body: json.dumps({**json.loads(body), "warnings": list(warnings)}).encode())


def ok(result: list[object] | None = None, kind: str = "matrix") -> Fault:
    """Return a good answer that needs no real server."""
    data = {"resultType": kind, "result": result or []}
    return Fault(200, json.dumps({"status": "success", "data": data}).encode())


def first(number: int, fault: Fault, path: str = "") -> Script:
    """Return a script that spoils the first so many requests, of paths that end so."""
    came = []

    def script(where: str, form: dict[str, str], count: int) -> Fault | None:
        if not where.endswith(path):
            return None
        came.append(count)
        return fault if len(came) <= number else None

    return script


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, target: str | None, script: Script, seen: list[Seen]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.script, self.seen = target, script, seen
        self.stopping, self.lock, self.open = threading.Event(), threading.Lock(), set()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        form = dict(parse_qsl(query))
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            form.update(parse_qsl(body.decode()))
        with self.server.lock:
            self.server.seen.append(Seen(self.command, path, form, dict(self.headers), body))
            fault = self.server.script(path, form, len(self.server.seen)) or Fault()
        if fault.late_seconds:
            self.server.stopping.wait(fault.late_seconds)
        if fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            self.close_connection = True
            return
        with suppress(OSError):
            if fault.status:
                self._spoiled(fault)
            elif self.server.target is None:
                self._spoiled(Fault(404, b"404 page not found", TEXT))
            else:
                self._through(fault, body)

    def _through(self, fault: Fault, body: bytes) -> None:
        """Ask the real server, and hand its answer on, spoiled or piece by piece."""
        target = urlsplit(self.server.target or "")
        real = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
        try:
            kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
            real.request(self.command, target.path.rstrip("/") + self.path, body or None, kept)
            answer = real.getresponse()
            headers = {k: v for k, v in answer.getheaders() if k.lower() not in HOP}
            if fault == Fault():
                self._relayed(answer, headers)
                return
            content_type = headers.pop("Content-Type", "")
            self._spoiled(replace(fault, status=answer.status, body=answer.read(), content_type=content_type,
                                  headers={**headers, **fault.headers}))  # fmt: skip
        finally:
            real.close()

    def _relayed(self, answer: http.client.HTTPResponse, headers: dict[str, str]) -> None:
        self._head(answer.status, {**headers, "Transfer-Encoding": "chunked"})
        while piece := answer.read1(65_536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _spoiled(self, fault: Fault) -> None:
        body = fault.into(fault.body) if fault.into else fault.body
        headers = {"Content-Type": fault.content_type, **fault.headers}
        if fault.gzipped or fault.cut == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        if fault.cut == "gzip":
            body = body[: len(body) // 2]
        self.close_connection = fault.cut in ("length", "chunk", "close")
        kept = body[: len(body) // 2] if self.close_connection else body
        if fault.cut == "chunk":
            self._head(fault.status, {**headers, "Transfer-Encoding": "chunked"})
            self.wfile.write(b"%x\r\n%s" % (len(body), kept))
            return
        self._head(fault.status, headers if fault.cut == "close" else {**headers, "Content-Length": str(len(body))})
        for byte in [kept] if not fault.trickle_seconds else (kept[i : i + 1] for i in range(len(kept))):
            self.wfile.write(byte)
            if fault.trickle_seconds and self.server.stopping.wait(fault.trickle_seconds):
                return


@contextmanager
def fault_proxy(target_url: str | None, script: Script, seen: list[Seen] | None = None) -> Iterator[str]:
    """Run a proxy before a server, or before none, and yield its URL.

    script(path, form, count) is called for each request, one at a time, count beginning at 1; None passes it through.
    `seen` is filled with what came.
    """
    server = _Server(target_url, script, [] if seen is None else seen)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        for connection in list(server.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
