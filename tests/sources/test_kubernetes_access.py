"""How a kubeconfig becomes requests: every kind of credentials, and what is refused."""

import base64
import logging
import sys
from importlib.util import find_spec

import pytest
import yaml

from analysis.errors import SpecError
from analysis.sources.kubernetes_access import configured
from analysis.sources.kubernetes_api import fetch_kubernetes
from tests.conftest import missing
from tests.sources.kubernetes_server import TOKEN, Api, certificates, kubeconfig, serving


@pytest.fixture(scope="module", autouse=True)
def _client():
    if find_spec("kubernetes") is None:
        missing("the package kubernetes")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("tls"))


def refused(reference, **given):
    with pytest.raises(SpecError) as caught:
        fetch_kubernetes(reference, **given)
    assert TOKEN not in str(caught.value)
    assert caught.value.where == "sources.kubernetes.kubeconfig"
    return str(caught.value)


def plugin(tmp_path, text):
    path = tmp_path / "plugin.py"
    path.write_text(text)
    return {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(path)],
        "interactiveMode": "Never",
    }}  # fmt: skip


CREDENTIAL = (
    'import json; print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",'
    ' "status": {"token": "%s"}}))'
)


def test_a_token_by_reference_to_the_environment(tls, tmp_path, monkeypatch):
    with serving(Api(), tls) as api:
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path / "config", api.url, folder=tls).removeprefix("file:"))
        assert len(fetch_kubernetes("env:KUBECONFIG")[0]) == 3
        assert {authorization for *_, authorization in api.asked} == {f"Bearer {TOKEN}"}


def test_several_files_are_merged(tls, tmp_path, monkeypatch):
    with serving(Api(), tls) as api:
        whole = yaml.safe_load((tmp_path / kubeconfig(tmp_path / "a", api.url, folder=tls)[5:]).read_text())
        users = whole.pop("users")
        (tmp_path / "a").write_text(yaml.safe_dump(whole | {"users": []}))
        (tmp_path / "b").write_text(yaml.safe_dump(whole | {"users": users, "clusters": [], "contexts": []}))
        monkeypatch.setenv("SEVERAL", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
        assert len(fetch_kubernetes("env:SEVERAL")[0]) == 3


def test_an_exec_plugin(tls, tmp_path):
    with serving(Api(), tls) as api:
        user = plugin(tmp_path, CREDENTIAL % TOKEN)
        assert len(fetch_kubernetes(kubeconfig(tmp_path / "config", api.url, folder=tls, user=user))[0]) == 3


@pytest.mark.parametrize(
    "text",
    [f"import sys; sys.exit('no: {TOKEN}')", f"print('{TOKEN}')", f'print(\'{{"status": "{TOKEN}"}}\')'],
)
def test_what_a_failing_plugin_says_is_not_repeated(tls, tmp_path, text, caplog, capfd):
    with serving(Api(), tls) as api, caplog.at_level(logging.DEBUG):
        handlers = list(logging.getLogger().handlers)
        told = refused(kubeconfig(tmp_path / "config", api.url, folder=tls, user=plugin(tmp_path, text)))
        assert api.asked == []
    assert "exec plugin gave no credentials" in told
    assert TOKEN not in caplog.text + "".join(capfd.readouterr())
    assert logging.getLogger().handlers == handlers


def test_a_client_certificate(tls, tmp_path):
    data = {
        f"client-{name}-data": base64.b64encode((tls / f"client.{end}").read_bytes()).decode()
        for name, end in (("certificate", "crt"), ("key", "key"))
    }
    api = Api()
    api.token = ""
    with serving(api, tls, client_certificate=True):
        documents, problems = fetch_kubernetes(kubeconfig(tmp_path / "config", api.url, folder=tls, user=data))
        assert (len(documents), problems) == (3, ())


def test_tls_must_be_verified(tls, tmp_path):
    with serving(Api(), tls) as api:
        loose = kubeconfig(tmp_path / "config", api.url, cluster={"insecure-skip-tls-verify": True})
        assert "switches off the verification" in refused(loose)
        assert api.asked == []


def test_credentials_do_not_travel_unencrypted(tmp_path):
    assert "unencrypted" in refused(kubeconfig(tmp_path / "config", "http://api.example.org:8080"))
    assert "no http(s) URL" in refused(kubeconfig(tmp_path / "config", "https://u:p@api.example.org"))
    with serving(Api()) as api:  # kubectl proxy, on this machine
        assert len(fetch_kubernetes(kubeconfig(tmp_path / "config", api.url))[0]) == 3


def test_what_is_no_kubeconfig(tmp_path, monkeypatch):
    assert "No configuration found" in refused(f"file:{tmp_path / 'nowhere'}")
    monkeypatch.delenv("NOT_SET", raising=False)
    assert "NOT_SET" in refused("env:NOT_SET")
    for text in ("", "a: [", f"apiVersion: v1\ntoken: {TOKEN}\n", f"- {TOKEN}", "\x00", f"users: {TOKEN}\ncontexts: 1"):
        (tmp_path / "config").write_text(text)
        assert "kubeconfig cannot be used" in refused(f"file:{tmp_path / 'config'}")
    reference = kubeconfig(tmp_path / "config", "https://127.0.0.1:1")
    assert "cannot be used" in refused(reference, context="no such")


def test_the_value_itself_is_refused_and_not_repeated():
    assert "by reference" in refused(TOKEN)


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "kubernetes.client", None)
    told = refused(kubeconfig(tmp_path / "config", "https://127.0.0.1:1"))
    assert "pip install 'postmortem-toolkit[kubernetes]'" in told


def test_logs_of_others_go_on(tls, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    reference = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", folder=tls)
    with configured(reference, None, str(tmp_path)) as server:
        logging.getLogger().info("still here")
        assert "canary" not in repr(server.secrets)
    assert "still here" in caplog.text
