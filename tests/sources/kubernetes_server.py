"""A server that answers as the API of Kubernetes does, with TLS of a CA of its own; and kubeconfigs for it."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.servers import need

TOKEN = "canary-5f0c9a7e31"


def event(number, namespace="shop"):
    return {
        "metadata": {"name": f"e{number}", "namespace": namespace, "creationTimestamp": "2026-11-22T18:00:00Z"},
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": f"api-{number}"}, "reason": "Killing",
        "message": f"Stopping container é {number}", "type": "Normal", "firstTimestamp": "2026-11-22T18:00:01Z",
        "lastTimestamp": "2026-11-22T18:00:02Z", "count": 1,
    }  # fmt: skip


def certificates(folder):
    """Make a CA, a certificate of the server for 127.0.0.1 and one of a client; return the folder."""
    openssl = need("openssl")

    def run(*arguments):
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test CA", "-days", "3650",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        run("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days",
            "3650", "-out", f"{name}.crt", "-extfile", "san")  # fmt: skip
    return folder


class Api:
    """What the server does: `lists` by path, `refuse` by the end of a path; `asked` is what it saw."""

    def __init__(self):
        self.lists = {"/api/v1/events": [event(i) for i in range(3)]}
        self.lists |= {"/apis/apps/v1/deployments": [], "/apis/apps/v1/replicasets": []}
        self.refuse, self.asked, self.page, self.expire = {}, [], 500, 0
        self.token, self.url = TOKEN, ""

    def answer(self, path, query, authorization):
        """Return status, headers and body."""
        self.asked.append((path, dict(query), authorization))
        if self.token and authorization != f"Bearer {self.token}":
            return 401, {}, self.status(401, f"Unauthorized: {authorization}")
        end = path.rpartition("/")[2]
        if end in self.refuse:
            refused = self.refuse[end]
            found = refused(path, query) if callable(refused) else refused
            if found is not None:
                return found
        if path not in self.lists:
            return 404, {}, self.status(404, "the server could not find the requested resource")
        items, begin = self.lists[path], int(query.get("continue", 0))
        if begin and self.expire:
            self.expire -= 1
            return 410, {}, self.status(410, "The provided continue parameter is too old")
        limit = min(int(query.get("limit", 10**9)), self.page if "limit" in query else 10**9)
        meta = {"resourceVersion": "77"}
        if begin + limit < len(items):
            meta["continue"] = str(begin + limit)
        kind = {"events": "EventList", "deployments": "DeploymentList", "replicasets": "ReplicaSetList"}[end]
        version = "v1" if end == "events" else "apps/v1"
        body = {"kind": kind, "apiVersion": version, "metadata": meta, "items": items[begin : begin + limit]}
        return 200, {}, json.dumps(body, ensure_ascii=False, separators=(",", ": ")).encode() + b"\n"

    @staticmethod
    def status(code, message):
        return json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code}).encode()


@contextmanager
def serving(api, folder=None, *, client_certificate=False):
    """Run the server (with TLS if a folder of certificates is given) until the block ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            url = urlsplit(self.path)
            status, headers, body = api.answer(url.path, dict(parse_qsl(url.query)), self.headers.get("Authorization"))
            self.send_response(status)
            length = headers.get("Content-Length", str(len(body)))
            for name, value in {"Content-Type": "application/json", **headers, "Content-Length": length}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = int(length) != len(body)

        def log_message(self, *arguments):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        if client_certificate:
            context.load_verify_locations(folder / "ca.crt")
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        api.url = f"http{'s' if folder else ''}://127.0.0.1:{server.server_port}"
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(path, url, *, folder=None, user=None, cluster=None):
    """Write a kubeconfig with the CA inside, and a second context that leads nowhere; return the reference to it."""
    ca = {"certificate-authority-data": base64.b64encode((folder / "ca.crt").read_bytes()).decode()} if folder else {}
    document = {
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [
            {"name": "c", "cluster": {"server": url, **ca, **(cluster or {})}},
            {"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1", **ca}},
        ],
        "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
        "contexts": [
            {"name": "test", "context": {"cluster": "c", "user": "u"}},
            {"name": "other", "context": {"cluster": "nowhere", "user": "u"}},
        ],
    }  # fmt: skip
    path.write_text(yaml.safe_dump(document))
    return f"file:{path}"
