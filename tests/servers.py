"""Real servers on loopback for tests: Debian's prometheus and victoria-metrics, filled with what a test made."""

import shutil
import socket
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import missing

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        missing(f"the program {program}")
    return str(found)


@contextmanager
def running(command: list[str], url: str, ready: str, log: Path) -> Iterator[str]:
    """Run a server until the block ends; yield its URL once it says that it is ready."""
    with log.open("wb") as stream:
        server = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        try:
            for _ in range(START_SECONDS * 5):
                if server.poll() is not None:
                    pytest.fail(f"{command[0]} ended: {log.read_text(errors='replace')[-500:]}")
                try:
                    urllib.request.urlopen(url + ready, timeout=1)
                    break
                except OSError:
                    time.sleep(0.2)
            else:
                pytest.fail(f"{command[0]} did not start: {log.read_text(errors='replace')[-500:]}")
            yield url
        finally:
            server.kill()
            server.wait(20)


@contextmanager
def prometheus(folder: Path, *flags: str, config: str = "", port: int | None = None) -> Iterator[str]:
    """Run a Prometheus on folder/tsdb (made if it is not there) and yield its URL."""
    program, port = need("prometheus"), port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(config)
    command = [
        program, f"--storage.tsdb.path={folder / 'tsdb'}", "--storage.tsdb.retention.time=100y",
        f"--config.file={folder / 'prometheus.yml'}", f"--web.listen-address=127.0.0.1:{port}", *flags,
    ]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "prometheus.log") as url:
        yield url


@contextmanager
def victoria_metrics(folder: Path, *flags: str) -> Iterator[str]:
    """Run a VictoriaMetrics on an empty folder and yield its URL."""
    program, port = need("victoria-metrics"), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        program, f"-storageDataPath={folder / 'vm'}", "-retentionPeriod=100y", f"-httpListenAddr=127.0.0.1:{port}",
        *flags,
    ]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}", "/health", folder / "vm.log") as url:
        yield url


def lab_tsdb(corpus: Path, recording: str, folder: Path) -> Path:
    """Unpack the TSDB of a recording to folder/tsdb; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(corpus / "lab" / recording / "prometheus_tsdb.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def backfill(folder: Path, lines: Iterable[str]) -> Path:
    """Write OpenMetrics lines (name{labels} value seconds, metric by metric) as blocks; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "backfill.txt"
    with text.open("w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)
        stream.write("# EOF\n")
    command = [
        need("promtool"),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--quiet",
        str(text),
        str(folder / "tsdb"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def import_to_victoria(url: str, lines: Iterable[str]) -> None:
    """Give VictoriaMetrics lines of the text format (name{labels} value milliseconds) and wait until they are seen."""
    body = "\n".join(lines).encode() + b"\n"
    request = urllib.request.Request(f"{url}/api/v1/import/prometheus", data=body, method="POST")
    urllib.request.urlopen(request, timeout=120).read()
    urllib.request.urlopen(f"{url}/internal/force_flush", timeout=60).read()
