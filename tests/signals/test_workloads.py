"""Pod names of every kind of owner."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.workloads import workload_of

NAME = st.from_regex(r"[a-z]([a-z0-9-]{0,14}[a-z])?", fullmatch=True)
SAFE = "bcdfghjklmnpqrstvwxz2456789"  # the alphabet of generated suffixes
HASH = st.text(alphabet="456789bcdf", min_size=6, max_size=10)  # a template hash: digits of a number, encoded
SUFFIX = st.text(alphabet=SAFE, min_size=5, max_size=5)
EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("payment-api-7d9c6b5f4-x2k8p", "payment-api"),
        ("api-v2-6bd5f47c9d-zz4tq", "api-v2"),
        ("redis-0", "redis"),
        ("redis-cluster-12", "redis-cluster"),
        ("node-exporter-4x7zk", "node-exporter"),
        ("backup-28394720-x2k8p", "backup"),  # Job of a CronJob
        ("standalone", "standalone"),
        ("debug-shell", "debug-shell"),  # e and l: not a generated suffix
        ("", ""),
    ],
)
def test_shapes(pod, workload):
    assert workload_of(pod) == workload


@EXAMPLES
@given(NAME, HASH, SUFFIX, st.integers(0, 99))
def test_generated_names_give_back_the_workload(name, digest, suffix, ordinal):
    assert workload_of(f"{name}-{digest}-{suffix}") == name
    assert workload_of(f"{name}-{ordinal}") == name


@EXAMPLES
@given(NAME, NAME, HASH, SUFFIX)
def test_a_known_workload_wins_over_the_shape(name, other, digest, suffix):
    pod = f"{name}-{digest}-{suffix}"
    assert workload_of(pod, {name, other + "x"}) == name or pod.startswith(other + "x-")
    assert workload_of(name, {name}) == name


def test_the_longest_known_workload_wins_and_a_prefix_alone_does_not():
    known = {"api", "api-canary"}
    assert workload_of("api-canary-7d9c6b5f4-x2k8p", known) == "api-canary"
    assert workload_of("api-7d9c6b5f4-x2k8p", known) == "api"
    assert workload_of("apiserver-7d9c6b5f4-x2k8p", known) == "apiserver"
    assert workload_of("cart-0", ()) == workload_of("cart-0", {"api"}) == "cart"
