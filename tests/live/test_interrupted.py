"""A capture that is killed goes on; a disk that is full, a slow server, a redirect: nothing is lost, nothing leaks."""

import base64
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from analysis.live import capture_live
from analysis.store import read_manifest
from analysis.verify import verify
from tests.fake_prometheus import UNAUTHORISED, cut, fault_proxy, late, redirect
from tests.live import small

SECRET = "canary-s3cr3t/+&=0123456789"
COMMAND = [sys.executable, "-m", "analysis", "capture"]


def store_of(folder):
    return [(folder / "raw" / name).read_bytes() for name in ("series.parquet", "samples.parquet")]


def run(folder: Path, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, str(folder)], capture_output=True, text=True, check=False, timeout=120, **more)


def test_a_capture_killed_at_any_moment_ends_as_one_that_was_left_alone(server, tmp_path):
    pure = small.incident(tmp_path / "pure", server)
    capture_live(pure)
    folder = small.incident(tmp_path / "i", server)
    chance = random.Random(7)
    with fault_proxy(server, lambda path, form, count: late(0.02)) as url:  # slow enough to be hit at many places
        for folder, at in ((small.incident(tmp_path / f"i{n}", url), chance.uniform(1.0, 5.0)) for n in range(4)):
            for _ in range(2):
                process = subprocess.Popen(
                    [*COMMAND, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                time.sleep(at)
                process.send_signal(signal.SIGKILL)
                process.wait(20)
            done = run(folder)
            assert done.returncode == 0, done.stderr
            assert store_of(folder) == store_of(pure)
            assert not verify(folder / "raw", read_manifest(folder / "raw"))
            assert not list((folder / "raw").rglob(".*"))


@pytest.mark.parametrize("place", range(1, 9))
def test_a_kill_between_two_renames_of_the_last_step_is_mended(server, tmp_path, monkeypatch, place):
    pure, folder = (small.incident(tmp_path / n, server) for n in ("pure", "i"))
    capture_live(pure)
    moved, real = [], Path.replace

    class Killed(BaseException):
        pass

    def replace(path, target):
        if ".capture/next" in str(path) or ".capture/commit" in str(target) or ".capture/commit" in str(path):
            moved.append(path)
            if len(moved) == place:
                raise Killed
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with suppress(Killed):
        capture_live(folder)
    monkeypatch.setattr(Path, "replace", real)
    capture_live(folder)
    assert store_of(folder) == store_of(pure)


def test_a_full_disk_is_said_what_came_is_kept_and_the_next_capture_goes_on(server, tmp_path):
    pure, folder = (small.incident(tmp_path / n, server) for n in ("pure", "i"))
    capture_live(pure)

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))

    failed = run(folder, preexec_fn=little_room)
    assert failed.returncode == 1
    assert "cannot be written: File too large" in failed.stderr
    assert "make room" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not (folder / "raw" / "samples.parquet").exists()
    assert run(folder).returncode == 0
    assert store_of(folder) == store_of(pure)


def test_a_disk_of_a_few_blocks_is_said_too(server, tmp_path):
    small_disk = tmp_path / "disk"
    small_disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40k", "none", small_disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here; the limit of a file's size stands in for it")
    try:
        failed = run(small.incident(small_disk / "i", server))
        assert failed.returncode == 1
        assert "No space left on device" in failed.stderr
        subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
        assert run(small_disk / "i").returncode == 0
        pure = small.incident(tmp_path / "pure", server)
        capture_live(pure)
        assert store_of(small_disk / "i") == store_of(pure)
    finally:
        subprocess.run(["umount", "-l", small_disk], check=True)


def test_an_interrupted_command_says_that_what_came_is_kept(server, tmp_path):
    with fault_proxy(server, lambda path, form, count: late(0.3)) as url:
        folder = small.incident(tmp_path / "i", url)
        process = subprocess.Popen(
            [*COMMAND, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
        )  # fmt: skip
        told = process.stderr.readline()  # it has begun
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        told += process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "what came is kept" in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_ten_seconds_of_latency_and_a_body_cut_short_change_nothing(server, tmp_path):
    pure = small.incident(tmp_path / "pure", server, more="questions: [targets, cpu_throttling]")
    capture_live(pure)
    spoiled = iter([late(10), cut("chunk"), late(10), cut("length")])

    def script(path, form, count):
        return next(spoiled, None) if path.endswith(("/read", "/query_range")) and count > 8 else None

    with fault_proxy(server, script) as url:
        folder = small.incident(tmp_path / "i", url, more="questions: [targets, cpu_throttling]")
        captured = capture_live(folder)
    assert next(spoiled, None) is None
    if not captured.missing:
        assert store_of(folder)[1] == store_of(pure)[1]
    else:  # a stream that was cut after its first samples is not asked for again in the same capture
        assert all("truncated" in line for line in captured.missing)
        assert not capture_live(folder).missing


def everything_below(folder: Path) -> bytes:
    return b"\0".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def spellings(secret: str) -> list[bytes]:
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    return [
        t.encode()
        for t in (secret, quote(secret), quote(secret, safe=""), basic, base64.b64encode(secret.encode()).decode())
    ]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("bearer", "none"), ("basic", "none"), ("header", "none"), ("tenant", "none"), ("basic", "unauthorised"),
     ("bearer", "redirect"), ("basic", "redirect"), ("header", "redirect"), ("bearer", "echo"), ("basic", "echo"),
     ("header", "echo"), ("basic", "nobody")],
)  # fmt: skip
def test_no_secret_is_in_a_file_an_error_or_a_log(server, tmp_path, kind, fault):
    more = {
        "bearer": "auth: env:CANARY", "basic": "auth: env:CANARY", "header": "headers: {X-Key: env:CANARY}",
        "tenant": "auth: env:CANARY, tenant: shop",
    }[kind]  # fmt: skip
    value = f"user:{SECRET}" if kind == "basic" else SECRET
    elsewhere: list = []
    with fault_proxy(None, lambda *_: None, elsewhere) as other:
        from tests.fake_prometheus import Fault

        script = {
            "none": lambda path, form, count: None,
            "unauthorised": lambda path, form, count: UNAUTHORISED,
            "redirect": lambda path, form, count: redirect(f"{other}{path}"),
            "echo": lambda path, form, count: Fault(400, (
                b'{"status":"error","errorType":"bad_data","error":"you sent ' + value.encode() + b'"}')),
            "nobody": lambda path, form, count: None,
        }[fault]  # fmt: skip
        with fault_proxy(server, script) as url:
            where = "http://127.0.0.1:9" if fault == "nobody" else url
            folder = small.incident(tmp_path / "i", where, more=f"{more}, questions: [targets]")
            done = run(folder, env={**os.environ, "CANARY": value, "POSTMORTEM_DEBUG": ""})
    assert done.returncode == (0 if fault == "none" else 3), done.stderr
    assert not [s for s in elsewhere if "Authorization" in s.headers or "X-Key" in s.headers]
    written = everything_below(tmp_path) + done.stdout.encode() + done.stderr.encode()
    for spelling in spellings(SECRET):
        assert spelling not in written
