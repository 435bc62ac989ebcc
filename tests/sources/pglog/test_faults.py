"""Files that are cut, mixed, of another program, or not what was said of them."""

import gzip

import pyarrow as pa
import pytest

from analysis.errors import EvidenceError
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.totals import log_totals
from tests.sources.pglog.forms import STATEMENTS, csvlog, jsonlog, stderr


def written(tmp_path, data, name="db.log"):
    (path := tmp_path / name).write_bytes(data)
    return path


def test_a_wrong_prefix_names_the_line_and_what_it_looks_like(tmp_path):
    path = written(tmp_path, stderr("%m [%p] %q%u@%d "))
    with pytest.raises(EvidenceError) as error:
        read_postgres_log(path, prefix="%t:%r:%u@%d:[%p]:")
    assert "line 1" in error.value.where
    assert "%m [%p] %q%u@%d" in error.value.expected


def test_a_prefix_without_a_time_or_with_an_odd_escape(tmp_path):
    path = written(tmp_path, stderr("%m [%p] "))
    with pytest.raises(EvidenceError, match="holds no time"):
        read_postgres_log(path, prefix="%u@%d ")
    with pytest.raises(EvidenceError, match="no escape"):
        read_postgres_log(path, prefix="%m %Z ")


def test_a_kind_that_it_is_not(tmp_path):
    with pytest.raises(EvidenceError, match="form csvlog") as error:
        read_postgres_log(written(tmp_path, jsonlog()), kind="csvlog")
    assert "jsonlog" in error.value.expected
    with pytest.raises(EvidenceError, match="no form of log"):
        read_postgres_log(written(tmp_path, jsonlog()), kind="oracle")


def test_logs_of_others_are_refused(tmp_path):
    pooler = (
        b"2026-03-04 10:00:01.123 UTC [7] LOG C-0x55: shop/ada@10.0.0.7:40 login attempt: db=shop user=ada tls=no\n"
    )
    with pytest.raises(EvidenceError, match="PgBouncer"):
        read_postgres_log(written(tmp_path, pooler * 9))
    with pytest.raises(EvidenceError, match="no record of a PostgreSQL log is found in it"):
        read_postgres_log(written(tmp_path, b"10.0.0.7 - - [04/Mar/2026:10:00:00 +0000] GET / 200\n" * 9))
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_postgres_log(tmp_path)


def test_lines_of_a_pooler_in_between_are_of_others(tmp_path):
    pooler = (
        b"2026-03-04 10:00:01.123 UTC [7] LOG C-0x55: shop/ada@10.0.0.7:40 login attempt: db=shop user=ada tls=no\n"
    )
    log, (report,) = read_postgres_log(written(tmp_path, stderr("%m [%p] ") + pooler * 3))
    assert len(log.statements) == STATEMENTS
    assert report.unrecognised == 0
    assert "3 lines are mixed in of others" in report.notes


def test_an_empty_file_is_no_log_without_problems(tmp_path):
    log, (report,) = read_postgres_log(written(tmp_path, b""))
    assert len(log.statements) == 0
    assert "there are no records in the file" in report.notes


@pytest.mark.parametrize("pack", [gzip.compress, lambda b: pa.compress(b, codec="zstd", asbytes=True)])
def test_packed_files_and_cut_ones(tmp_path, pack):
    data = stderr("%m [%p] ") * 400
    whole, (report,) = read_postgres_log(written(tmp_path, pack(data)))
    assert (len(whole.statements), report.truncated) == (400 * STATEMENTS, False)


def test_a_cut_stream_keeps_what_could_be_unpacked(tmp_path):
    data = b"".join(b"2026-03-04 10:%02d:%02d UTC [%d] LOG:  duration: %d.5 ms  statement: select %d\n" % (
        i // 60 % 60, i % 60, i * 7919 % 65536, i * 31 % 977, i * 104729 % 99991) for i in range(40_000))  # fmt: skip
    log, (report,) = read_postgres_log(written(tmp_path, gzip.compress(data)[:-5000]))
    assert report.truncated
    assert 20_000 < len(log.statements) < 40_000


@pytest.mark.parametrize("make", [lambda: stderr("%m [%p] "), csvlog, jsonlog])
def test_torn_lines_zeros_and_odd_bytes_cost_only_themselves(tmp_path, make):
    story = make()
    lines = story.splitlines(keepends=True)
    torn = lines[2][len(lines[2]) // 2 :]
    data = bytes(300) + torn + story + lines[2][: len(lines[2]) // 2] + b"\n" + b"\xff\xfe\x80 caf\xe9\n" + story
    log, (report,) = read_postgres_log(written(tmp_path, data))
    assert len(log.statements) in (2 * STATEMENTS, 2 * STATEMENTS + 1)
    assert 1 <= report.unrecognised <= 3
    assert not any("select" in sample for sample in report.samples)


def test_samples_tell_nothing_personal(tmp_path):
    odd = b"2026-03-04 10:00:01 UTC oddity of kim@example.org 'Kim' 4929123412341234 password=hush\n"
    _, (report,) = read_postgres_log(written(tmp_path, stderr("%m [%p] ") + odd))
    assert report.unrecognised == 1
    for secret in ("kim", "Kim", "4929", "hush", "example"):
        assert secret not in report.samples[0]


def test_lines_longer_than_a_mebibyte_and_records_of_many_lines(tmp_path):
    head = b"2026-03-04 10:00:01.000 UTC [7] LOG:  duration: 5.000 ms  statement: "
    long = head + b"select '" + b"x" * (3 << 20) + b"'\n"
    tall = head + b"select 1\n" + b"\t, 2\n" * 1_200_000
    after = head + b"select 3\n"
    path = written(tmp_path, after + long + tall + after)
    sums = log_totals(path)
    assert sums.statements == (4, 0.02)
    assert sums.reports[0].unrecognised == 0
