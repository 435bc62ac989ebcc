"""States of many sources at many destinations: the place, who is narrowed, who is a control."""

import numpy as np
import pytest

from analysis.hypotheses.calls.levels import Level
from analysis.hypotheses.calls.whereabouts import Cell, Source, whereabouts

BAD = Cell("worse", Level(900, 0.01, 2.0, 0.0, 0.4, 0.1, 1e-9, 1e-9, 40, 0.02, 0.0, 20, 19, 0.03))
GOOD = Cell("spared", BAD.level._replace(after_seconds=0.01, sick_steps=0))
OPEN = Cell("open", GOOD.level)
COLUMNS = ["cart", "quote", "stock"]


def source(workload, i, node="n1"):
    return Source("shop", workload, f"{workload}-{i}", node, workload == "api")


def row(who, text):
    """B bad, g good, o open, - not called; one letter for each destination."""
    kinds = {"B": BAD, "g": GOOD, "o": OPEN}
    return who, {name: kinds[c] for name, c in zip(COLUMNS, text, strict=True) if c != "-"}


def of(*rows, healthy=(None, None, None)):
    return whereabouts([row(*r) for r in rows], COLUMNS, healthy)


API, API1, WEB, WEB1 = source("api", 0), source("api", 1, "n2"), source("web", 0, "n2"), source("web", 1, "n1")


@pytest.mark.parametrize(
    ("rows", "place", "client_side", "narrowed"),
    [
        ([(API, "BBB"), (WEB, "ggg")], "client workload", True, ()),
        ([(API, "BBB"), (API1, "BBB"), (WEB, "ggg")], "client workload", True, ()),
        ([(API, "BBB"), (API1, "ggg")], "client pod", True, (API,)),
        ([(API, "BBB"), (API1, "ggg"), (WEB, "ggg"), (WEB1, "BBB")], "node", True, (API,)),
        ([(API, "BBB"), (WEB, "BBB")], "everywhere", False, ()),
        ([(API, "BBB"), (API1, "BBB")], "not decidable", False, ()),
        ([(API, "Bgg"), (WEB, "Bgg")], "server", False, ()),
        ([(API, "Bgg"), (WEB, "ggg")], "edge", False, ()),
        ([(API, "Bgg"), (WEB, "ogg")], "not decidable", False, ()),
        ([(API, "Bgg"), (WEB, "-gg")], "not decidable", False, ()),
        ([(source("api", i), "BBB") for i in range(5)] + [(WEB, "ggg")], "client workload", True, ()),
        ([(source("api", i), "BBB") for i in range(5)] + [(WEB, "Bgg")], "everywhere", False, ()),
        ([(API, "ggg"), (WEB, "BBB")], "client workload", False, ()),
        ([(API, "ggg"), (WEB, "ggg")], "nowhere", False, ()),
    ],
)  # fmt: skip
def test_what_states_have_in_common_is_the_place(rows, place, client_side, narrowed):
    found = of(*rows)
    assert found.found.place == place
    assert found.client_side is client_side
    assert found.narrowed == narrowed


def test_a_source_alone_has_nobody_to_be_compared_with():
    assert of((API, "BBB")) is None
    assert of((API, "BBB"), (WEB, "ooo")) is None


def test_who_does_not_call_where_it_is_sick_is_no_control():
    found = of((API, "BB-"), (WEB, "gg-"), (WEB1, "--g"))
    assert found.controls == (WEB,)
    assert found.sick == (API,)
    assert found.sick_destinations == {"cart", "quote"}


def test_some_pods_of_a_workload_are_named_together():
    pods = [source("api", i, f"n{i}") for i in range(4)]
    found = of((pods[0], "BBB"), (pods[1], "BBB"), (pods[2], "ggg"), (pods[3], "ggg"))
    assert found.found.place == "client pod"
    assert found.narrowed == (pods[0], pods[1])


def test_the_shares_are_graded_by_how_many_steps_were_beyond_the_usual():
    found = of((API, "BBB"), (WEB, "ggg")).found
    assert found.row_share == pytest.approx(1.0)
    assert found.column_share == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(found.row_p_value)


def test_a_name_is_the_pod_or_the_workload():
    assert API.name == "shop/api-0"
    assert API._replace(pod="").name == "shop/api"
