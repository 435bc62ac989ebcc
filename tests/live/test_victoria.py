"""The same incident from a VictoriaMetrics: by its export with real sample times, and on the same grid."""

import numpy as np
import pytest

from analysis.live import capture_live
from analysis.sources.prometheus import read_samples
from tests.live import small
from tests.servers import import_to_victoria, victoria_metrics


@pytest.fixture(scope="module")
def victoria(tmp_path_factory):
    with victoria_metrics(tmp_path_factory.mktemp("vm")) as url:
        lines = (line for line in small.samples() if not line.startswith("#"))
        import_to_victoria(
            url, [f"{head} {int(second) * 1000}" for head, _, second in (s.rpartition(" ") for s in lines)]
        )
        yield url


@pytest.mark.parametrize(("mode", "way"), [("auto", "export"), ("range", "query_range")])
def test_both_servers_give_the_same_samples(server, victoria, tmp_path, mode, way):
    tables = {}
    for name, url in (("prometheus", server), ("victoria", victoria)):
        folder = small.incident(tmp_path / name, url, more=f"mode: {mode}, step_seconds: 15")
        captured = capture_live(folder)
        assert not captured.missing
        tables[name] = read_samples(folder / "raw" / "series.parquet", folder / "raw" / "samples.parquet")
    assert {a.way for a in captured.manifest.queries} == {way}
    assert captured.manifest.server["flavour"] == "victoriametrics"
    ours, theirs = (
        {tuple(sorted(s.labels.items())): s for n in sorted(t.names) for s in t.named(n)} for t in tables.values()
    )
    assert ours.keys() == theirs.keys()
    for key, series in ours.items():
        found = theirs[key]
        both = np.intersect1d(series.times, found.times)
        if mode == "auto":
            np.testing.assert_array_equal(found.times, series.times)
        else:  # after the end of a series each repeats its last value for as long as it thinks right: two scrapes here
            assert len(both) >= len(series.times) - 2
        np.testing.assert_allclose(
            found.values[np.isin(found.times, both)], series.values[np.isin(series.times, both)], rtol=1e-11
        )
