"""One exchange: whose redirect is followed, what a failure without an answer is called, TLS."""

import errno
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning, MaxRetryError, NewConnectionError, ProtocolError

from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.retries import ONCE
from analysis.sources.prometheus.wire import failure_of, origin, own_session, quiet
from tests.servers import free_port, need


@pytest.mark.parametrize(
    ("error", "kind", "remedy", "words"),
    [
        (exceptions.ConnectTimeout("s3cret"), "unavailable", "retry", "no connection within"),
        (exceptions.ReadTimeout("s3cret"), "timed_out", "split", "no answer within"),
        (exceptions.ConnectionError(MaxRetryError(None, "/s3cret", NewConnectionError(None, "s3cret"))),
         "unavailable", "retry", "no connection"),
        (exceptions.ConnectionError(ProtocolError("s3cret", ConnectionResetError(104, "s3cret"))),
         "unavailable", "retry", "closed without an answer"),
        (exceptions.ConnectionError(socket.gaierror(-2, "s3cret")), "unavailable", "retry", "name of the host"),
        (exceptions.ConnectionError(OSError(errno.EHOSTUNREACH, "s3cret")), "unavailable", "retry", "no route to host"),
        (exceptions.ProxyError(ConnectionRefusedError(errno.ECONNREFUSED, "s3cret")),
         "unavailable", "retry", "the proxy: connection refused"),
        (exceptions.SSLError(ssl.SSLError(1, "s3cret")), "unavailable", "none", "encrypted"),
        (exceptions.SSLError(ssl.SSLEOFError(8, "s3cret")), "unavailable", "retry", "closed"),
        (exceptions.InvalidHeader("s3cret"), "rejected", "none", "cannot be made"),
        (exceptions.InvalidURL("s3cret"), "rejected", "none", "cannot be made"),
        (UnicodeEncodeError("latin-1", "s3cret", 0, 1, "s3cret"), "rejected", "none", "cannot be made"),
    ],
)  # fmt: skip
def test_a_failure_without_an_answer_is_said_in_our_words(error, kind, remedy, words):
    failure = failure_of(error)
    assert (failure.kind, failure.remedy, failure.http) == (kind, remedy, None)
    assert words in failure.text
    assert "s3cret" not in failure.text


def test_an_origin_is_scheme_host_and_port():
    assert origin("HTTP://Host/a") == origin("http://host:80/b?c") != origin("https://host/b")
    assert origin("http://host:8080") != origin("http://host")


def test_a_quiet_session_is_a_copy_that_does_not_ask_again():
    session = requests.Session()
    session.mount("http://h", HTTPAdapter(max_retries=5))
    session.headers["X-A"], session.auth, session.verify, session.cert = "b", ("u", "p"), "/ca", "/cert"
    copy = quiet(session)
    assert copy.get_adapter("http://h/x").max_retries.total == 0
    assert session.get_adapter("http://h/x").max_retries.total == 5
    assert (copy.headers["X-A"], copy.auth, copy.verify, copy.cert) == ("b", ("u", "p"), "/ca", "/cert")

    class Mine(requests.Session):
        pass

    mine = Mine()
    assert quiet(mine) is mine
    for one in (session, copy, mine):
        one.close()


def test_our_session_keeps_no_cookies():
    with own_session() as session:
        session.cookies.set("a", "b", domain="h")
        request = session.prepare_request(requests.Request("GET", "http://h/"))
        assert "Cookie" not in request.headers


class Plain(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"status":"success","data":{}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Silent(HTTPServer):
    def handle_error(self, request, client_address):
        pass


@contextmanager
def encrypted(folder, *, ask_for_client=False):
    """A server with a certificate of its own, which is also what it accepts of clients."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert),
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if ask_for_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cert)
    server = Silent(("127.0.0.1", 0), Plain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}", cert, key
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(settings):
    with connect(settings) as source:
        source.sleep = lambda seconds: None
        return source.ask("/api/v1/query", {"query": "1"}, patience=ONCE)


def test_a_certificate_is_checked_against_the_file_that_is_named(tmp_path):
    with encrypted(tmp_path) as (url, cert, _):
        with pytest.raises(RequestError, match=r"self.signed") as caught:
            asked(Settings(url))
        assert caught.value.failure.remedy == "none"
        assert "sources.prometheus.ca," in caught.value.next
        assert asked(Settings(url, ca_path=f"file:{cert}"))
        with pytest.warns(InsecureRequestWarning):
            assert asked(Settings(url, verify=False))


def test_a_client_certificate_is_shown(tmp_path):
    with encrypted(tmp_path, ask_for_client=True) as (url, cert, key):
        with pytest.raises(RequestError):
            asked(Settings(url, ca_path=str(cert)))
        assert asked(Settings(url, ca_path=str(cert), client_cert=f"file:{cert}", client_key=f"file:{key}"))


def test_http_where_https_is_meant_is_no_secret_failure(tmp_path):
    with pytest.raises(RequestError, match="connection refused"):
        asked(Settings(f"https://localhost:{free_port()}"))
