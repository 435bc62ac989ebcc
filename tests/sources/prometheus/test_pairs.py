import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus import pairs
from analysis.sources.prometheus.pairs import numbers_of

VALUE = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**320), 10**320).map(str),
    st.sampled_from(["+Inf", "-Inf", "NaN", "-0", "0", "1e+06"]),
)
SAMPLES = st.lists(st.tuples(st.integers(-(10**11), 10**12).map(lambda ms: ms / 1000), VALUE), max_size=5)


def text_of(samples, separators=(",", ":")) -> msgspec.Raw:
    return msgspec.Raw(json.dumps([[t, v] for t, v in samples], separators=separators).encode())


def same(a, b) -> bool:
    return np.array_equal(np.where(np.isnan(a), 0, a).view("u8"), np.where(np.isnan(b), 0, b).view("u8"))


def as_float(text: str) -> float:
    return float(text)


@given(st.lists(SAMPLES, max_size=5), st.sampled_from([(",", ":"), (", ", ": ")]), st.sampled_from([1, 60, 10**6]))
def test_numbers_are_those_of_python(series, separators, batch):
    series = [[(t, v) for t, v in samples if not math.isinf(float(v)) or "I" in v or "i" in v] for samples in series]
    was, pairs.BATCH_BYTES = pairs.BATCH_BYTES, batch
    try:
        counts, times, values = numbers_of([text_of(samples, separators) for samples in series])
    finally:
        pairs.BATCH_BYTES = was
    assert counts.tolist() == [len(samples) for samples in series]
    assert times.tolist() == [round(t * 1000) * 1000 for samples in series for t, _ in samples]
    assert same(values, np.array([float(v) for samples in series for _, v in samples]))


def test_random_bits_are_exact():
    floats = np.random.default_rng(5).integers(0, 2**64, 100_000, dtype="u8").view("f8")
    floats = floats[np.isfinite(floats)]
    found = numbers_of([text_of([(1, repr(v)) for v in floats.tolist()])])[2]
    assert same(found, floats)


PIECES = st.sampled_from(
    ["[", "]", ",", '"', "1", "-", ".", "e", "Inf", "+Inf", "NaN", " ", "[[", "]]", '"],[', ',"', "\\"]
)


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), min_size=1, max_size=4))
def test_text_of_another_form_is_what_msgspec_makes_of_it(inner):
    texts = [f'[[1,"{one}"],[2,"3"]]'.encode() for one in inner]
    texts = [msgspec.Raw(text) for text in texts if is_json(text)] or [msgspec.Raw(b"[]")]
    slow = result(lambda: by_parser(texts))
    fast = result(lambda: list(numbers_of(texts)))
    if not isinstance(slow, str):
        assert all(same(np.asarray(a, "f8"), np.asarray(b, "f8")) for a, b in zip(slow, fast, strict=True))
    else:
        assert fast == slow


def by_parser(texts: list[msgspec.Raw]) -> list[np.ndarray]:
    found = [pairs._by_parser([bytes(text)]) for text in texts]
    counts, seconds, values = (np.concatenate(column) for column in zip(*found, strict=True))
    return [counts, np.rint(seconds * 1000) * 1000, values]


def is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def result(of):
    try:
        return of()
    except msgspec.DecodeError as error:
        return str(error)


@pytest.mark.parametrize(
    "text",
    [b'[[1,"x"]]', b'[[1,"1"],[2,null]]', b'[[1,""]]', b'[["x","1"]]', b'[[1,"1","2"]]', b'{"a":"1"}', b'["1","2"]',
     b'[[1,"1"],["2"]]', b'[[[1,"1"]]]', b'[[1,"1"],[],[2,"2"]]', b'[[1,"1_0"]]', b'[[1,"0x10"]]', b'[[1," 1"]]',
     b'[[,"1"]]', b'[[1,"1\\n"]]', b'[[1,"1"]]]]'],
)  # fmt: skip
def test_what_is_no_pair_of_numbers_is_refused(text):
    for texts in ([text], [b'[[1,"1"]]', text], [text, b'[[1,"1"]]']):
        with pytest.raises(msgspec.DecodeError):
            numbers_of([msgspec.Raw(one) for one in texts])
