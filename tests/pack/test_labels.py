"""Labels of series: what is known stays, what is not becomes a pseudonym whole; names of labels and metrics too."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.catalogue import load_catalogue
from analysis.hypotheses.case import CALLEE_LABELS
from analysis.pack.files import CannotRedactError
from analysis.pack.gate import Secrets, hits_in
from analysis.pack.label_names import is_plain, is_secret, known_as
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.rules import SECRET_WORDS, TOPOLOGY, WORDS
from analysis.pack.samples import pack_samples, pack_series
from analysis.pack.scrub import Scrubber
from analysis.signals.call_dialects import CLIENTS, SERVERS
from analysis.sources.prometheus import SampleTable, read_samples, write_samples

KNOWN = frozenset(name for names in TOPOLOGY.values() for name in names)


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


@pytest.mark.parametrize("name", ["tag", "owner", "nickname", "label_team", "annotation_contact", "uid", "note", "msg"])
@pytest.mark.parametrize("value", ["Bora Lim", "77", "call Bora back", "select Bora from nowhere", "마포구 12"])
def test_a_value_of_an_unknown_label_is_a_pseudonym_whole(scrub, name, value):
    made = scrub.label(name, value)
    assert made.startswith("anon-") and made == scrub.label(name, value) != scrub.label(name, value + "x")
    assert not set(value.split()) & set(made.split())


@pytest.mark.parametrize("name", [
    "password", "db_pwd", "apiKey", "API-KEY", "http.cookie", "pod_token", "exported_secret", "SessionId", "pool_key",
    "auth", "query_token", "X-Session",
])  # fmt: skip
def test_a_label_with_the_name_of_a_secret_is_a_pseudonym(scrub, name):
    assert scrub.label(name, "plain-word").startswith("anon-")
    assert scrub.label(name, "plain-word", "pg_stat_activity_count").startswith("anon-")


def test_names_of_labels_are_looked_up_in_any_spelling(scrub):
    for name in ("responseCode", "response-code", "http.status.code", "exported_pod", "ResponseFlags", "podName"):
        assert scrub.label(name, "abc-1") == "abc-1"
    assert scrub.label("clientAddr", "10.1.2.3") == scrub.label("client_addr", "10.1.2.3") != "10.1.2.3"
    assert scrub.label("userName", "bora").startswith("anon-") and scrub.label("sqlText", "select 7") == "select ?"


def test_known_labels_keep_statements_as_fingerprints_and_sentences_not_at_all(scrub):
    assert "4711" not in scrub.label("operation", "SELECT * FROM t WHERE n = 4711")
    assert scrub.label("pod", "update t set a = 'Bora'") == "update t set a = ?"
    for value in ("SELECT", "update", "client|setname", "CallTimeout"):
        assert scrub.label("command", value) == value
    for name in sorted(WORDS):
        assert scrub.label(name, "card of Bora Lim refused").startswith("anon-")
        assert scrub.label(name, "ReadTimeout") == "ReadTimeout"
    assert scrub.label("gc", "G1 Young Generation") == "G1 Young Generation"
    assert scrub.label("state", "idle in transaction (aborted)") == "idle in transaction (aborted)"


def test_id_stays_for_pools_of_the_virtual_machine_only(scrub):
    assert scrub.label("id", "G1 Eden Space", "jvm_memory_used_bytes") == "G1 Eden Space"
    assert scrub.label("id", "G1 Eden Space", "orders_total").startswith("anon-")


def test_identifiers_stay_if_they_are_any(scrub):
    assert scrub.label("queryid", "-4111111111111111") == "-4111111111111111" and scrub.label("datid", "5") == "5"
    assert scrub.label("userid", "bora_lim").startswith("anon-") and scrub.label("dbid", "bora7").startswith("anon-")
    assert scrub.label("digest", "bora").startswith("anon-") and scrub.label("digest", "ab12" * 16) == "ab12" * 16


@pytest.mark.parametrize("value", ["35184372088832", "4111111111111111", "0.005", "1e+06", "+Inf", "-Inf", "NaN", "5."])
def test_bounds_and_quantiles_are_never_touched(scrub, value):
    assert scrub.label("le", value) == scrub.label("quantile", value) == value
    assert scrub.label("tag", value).startswith("anon-")


def test_what_is_no_bound_goes(scrub):
    assert all(scrub.label("le", value).startswith("anon-") for value in ("bora", "1 bora", "1_0", "9" * 40))


def test_four_numbers_are_a_version_in_a_label_of_versions(scrub):
    for name in ("version", "redis_version", "sourceVersion", "revision"):
        for value in ("5.17.0.1", "v19.3.0.0", "12.2.0.1-4+b2"):
            assert scrub.label(name, value) == value
    assert scrub.label("pod", "5.17.0.1") != "5.17.0.1"
    for value in ("built on 10.0.0.7", "1.2.3-bora@example.org", "5.17.0.1-10.0.0.7"):
        assert scrub.label("version", value) != value and not {"10.0.0.7", "bora"} & set(scrub.label("version", value))


PERSONAL_NAMES = [
    "bora@example.org", "sent_to_4111111111111111", "from_10_0_0_7", "0ca4a4c4_77aa_4bbb_8ccc_123456ca4a4c", "a b",
    "900101_1234567", "tel_010_1234_5678", "mail-of-bora", "나은", "x" * 201, 'a"b',
    "ghp_0123456789abcdef0123456789abcdef", "id_0123456789abcdef01234567",
]  # fmt: skip


@pytest.mark.parametrize("name", PERSONAL_NAMES)
def test_a_name_that_is_no_plain_one_is_a_pseudonym(scrub, name):
    made = scrub.name(name)
    assert made.startswith("anon_") and is_plain(made) and made == scrub.name(name) and scrub.name(made) == made
    assert scrub.label("__name__", f"{name}_bucket").endswith("_bucket")


@pytest.mark.parametrize("name", [
    "up", "http_requests_total", "job:rate:5m", "http.server.duration", "_x", "dimension_DBInstanceIdentifier",
    "kafka_network_RequestMetrics_99thPercentile_TotalTimeMs", "node_sockstat_TCP6_inuse", "istio_requests_total",
])  # fmt: skip
def test_a_plain_name_stays(scrub, name):
    assert scrub.name(name) == name == scrub.label("__name__", name)


@given(st.text(max_size=30))
def test_names_stay_different(name):
    scrub = Scrubber(Pseudonyms(bytes(32)))
    assert scrub.name(name + "!") != scrub.name(name + "?") and is_plain(scrub.name(name + "!"))


def test_what_the_analyses_read_is_known():
    read = CALLEE_LABELS | {label for d in CLIENTS for label in d.named_by}
    read |= {label for d in (*CLIENTS, *SERVERS) for label, _ in d.only}
    for metric in (metric for question in load_catalogue().questions for metric in question.metrics):
        read |= {*metric.has, *metric.lacks, *metric.fix}
        read |= {label for way in metric.ways for label in (*way.namespace, *way.begins, *way.equals)}
    assert {known_as(name) for name in read} - KNOWN == {"id"}
    assert all(known_as(name) == name for name in KNOWN) and not [name for name in KNOWN if is_secret(name)]
    assert WORDS <= KNOWN and all(word.isalpha() for word in SECRET_WORDS)


LABELS = (
    {"__name__": "orders_of_bora@example.org_total", "tag": "Bora Lim", "pod": "web-0"},
    {"__name__": "shop_seconds_bucket", "le": "4111111111111111", "mail_bora@example.org": "1"},
    {"__name__": "shop_build_info", "version": "5.17.0.1", "apiKey": "canary-word-1", "branch": "bora/fix"},
)


def written(folder):
    table = SampleTable(LABELS, np.arange(3, dtype="i4"), np.arange(3) * 1_000_000, np.arange(3.0))
    write_samples(table, folder / "series.parquet", folder / "samples.parquet")
    return folder / "series.parquet", folder / "samples.parquet"


def test_no_canary_in_labels_is_in_the_pack_and_the_gate_passes(tmp_path, scrub):
    series, samples = written(tmp_path)
    (tmp_path / "out").mkdir()
    pack_series(series, tmp_path / "out/series.parquet", scrub)
    pack_samples(samples, tmp_path / "out/samples.parquet")
    made = read_samples(tmp_path / "out/series.parquet", tmp_path / "out/samples.parquet")
    text = repr(made.labels)
    assert not [word for word in ("bora", "Bora", "canary-word", "example.org") if word in text]
    assert "5.17.0.1" in text and "'4111111111111111'" in text and "web-0" in text
    assert not hits_in(tmp_path / "out", Secrets({}, ()), scrub.names, words=frozenset())


def test_the_gate_looks_at_keys_and_remarks_and_at_every_value_for_secrets(tmp_path, scrub):
    series, _ = written(tmp_path)
    (tmp_path / "made").mkdir()
    (tmp_path / "made/series.parquet").write_bytes(series.read_bytes())
    kinds = {hit.kind for hit in hits_in(tmp_path / "made", Secrets({}, ()), scrub.names, words=frozenset())}
    assert kinds == {"e-mail address"}
    rows = [[("query", "select hunter2hunter2"), ("le", "7")]]
    table = pa.table({"labels": pa.array(rows, pa.map_(pa.string(), pa.string()))})
    pq.write_table(table, tmp_path / "made/series.parquet")
    found = hits_in(tmp_path / "made", Secrets({"env:X": "hunter2hunter2"}, ()), scrub.names, words=frozenset())
    assert [hit.kind for hit in found] == ["secret of env:X"]
    field = pa.field("value", pa.int64(), metadata={"by": "bora@example.org"})
    pq.write_table(pa.table([pa.array([1])], schema=pa.schema([field])), tmp_path / "made/series.parquet")
    assert hits_in(tmp_path / "made", Secrets({}, ()), scrub.names, words=frozenset())


def test_the_gate_knows_bounds_and_versions_in_expressions(tmp_path, scrub):
    texts = r'{"promql": "a{le=\"4111111111111111\"} + b{redis_version=\"5.17.0.1\"}"}'
    (tmp_path / "manifest.json").write_text(texts)
    assert not hits_in(tmp_path, Secrets({}, ()), scrub.names, words=frozenset())
    (tmp_path / "manifest.json").write_text(texts.replace("le=", "card=").replace("redis_version=", "host="))
    assert len(hits_in(tmp_path, Secrets({}, ()), scrub.names, words=frozenset())) == 2


BITS = [0x7FF0000000000002, 0x8000000000000000, 0x7FF8000000000000, 0xFFF0000000000001, 1]


def test_remarks_on_columns_of_samples_are_not_packed(tmp_path):
    values = np.array(BITS, dtype="u8").view("f8")
    told = {"by": "bora@example.org"}
    fields = [
        pa.field("series_id", pa.int32(), metadata=told),
        pa.field("time", pa.timestamp("us", "Asia/Seoul"), metadata={"PARQUET:field_id": "2"}),
        pa.field("value", pa.float64(), metadata=told),
        pa.field("bora", pa.int64()),
    ]
    ids, times = pa.array(np.zeros(5, dtype="i4")), pa.array(np.arange(5), pa.timestamp("us", "Asia/Seoul"))
    table = pa.table([ids, times, pa.array(values), pa.array(np.arange(5))], schema=pa.schema(fields))
    pq.write_table(table, tmp_path / "a.parquet")
    assert pack_samples(tmp_path / "a.parquet", tmp_path / "b.parquet") == ("1 other columns: not what is read",)
    made = pq.read_table(tmp_path / "b.parquet")
    assert made["value"].to_numpy().view("u8").tolist() == BITS
    assert made["time"].cast(pa.int64()).to_pylist() == list(range(5)) and made.schema.field("time").type.tz == "UTC"
    assert b"bora" not in (tmp_path / "b.parquet").read_bytes() and b"bora" in (tmp_path / "a.parquet").read_bytes()
    assert all(set(field.metadata or ()) <= {b"PARQUET:field_id"} for field in made.schema)


def test_samples_without_remarks_are_copied_and_other_tables_refused(tmp_path):
    series, samples = written(tmp_path)
    assert pack_samples(samples, tmp_path / "b.parquet") == ()
    assert (tmp_path / "b.parquet").read_bytes() == samples.read_bytes()
    pq.write_table(pa.table({"series_id": [1], "time": [1]}), tmp_path / "c.parquet")
    with pytest.raises(CannotRedactError, match="no table of samples"):
        pack_samples(tmp_path / "c.parquet", tmp_path / "d.parquet")
    table = pq.read_table(series)
    table = table.set_column(0, "series_id", pa.array(["bora"] * len(table)))
    pq.write_table(table, tmp_path / "c.parquet")
    with pytest.raises(CannotRedactError, match="no table of series"):
        pack_series(tmp_path / "c.parquet", tmp_path / "d.parquet", Scrubber(Pseudonyms(bytes(32))))


def test_remarks_on_columns_of_series_are_not_packed(tmp_path, scrub):
    table = pq.read_table(written(tmp_path)[0])
    fields = [field.with_metadata({"by": "bora@example.org"}) for field in table.schema]
    pq.write_table(table.cast(pa.schema(fields)), tmp_path / "a.parquet")
    pack_series(tmp_path / "a.parquet", tmp_path / "b.parquet", scrub)
    assert b"bora" not in (tmp_path / "b.parquet").read_bytes()
