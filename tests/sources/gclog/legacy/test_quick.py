"""The quick ways read what the general way reads."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.legacy.g1 import g1_pause
from analysis.sources.gclog.legacy.pause import read_pauses
from analysis.sources.gclog.legacy.pause_row import Pause
from analysis.sources.gclog.legacy.quick import quick_columns, quick_look
from analysis.sources.gclog.legacy.records import Record
from analysis.sources.gclog.legacy.stamps import STAMP, read_stamp

AREAS = [("PSYoungGen", ["PSOldGen", "ParOldGen"]), ("ParNew", ["CMS", "Tenured"]), ("DefNew", ["Tenured", "CMS"])]
SIZE = st.integers(0, 99_999_999)
CAUSE = st.sampled_from(["", " (Allocation Failure)", " (System.gc())", " (GCLocker Initiated GC)"])
SECS = st.integers(0, 10**9).map(lambda n: f"{n / 1e7:.7f}")
DATE = "2026-11-22T18:04:30.123+0100: "
STAMPS = st.sampled_from(["", "7.250: ", f"{DATE}7.250: ", DATE, "7.250: #3: "])
COLUMNS = [one.name for one in fields(Pause) if one.name != "note"]


@st.composite
def change(draw):
    return f"{draw(SIZE)}K->{draw(SIZE)}K({draw(SIZE)}K)"


@st.composite
def lines(draw):
    young, olds = draw(st.sampled_from(AREAS))
    areas = []
    if draw(st.booleans()):
        took = f", {draw(SECS)} secs" if draw(st.booleans()) else ""
        joint = draw(st.sampled_from([":", " :"]))  # of two lines
        areas.append(f"[{young}{joint} {draw(change())}{took}] ")
    if draw(st.booleans()):
        areas.append(f"[{draw(st.sampled_from(olds))}: {draw(change())}] ")
    perm = draw(st.sampled_from(["", ", [Metaspace: {}]", " [PSPermGen: {}]", ", [CMS Perm : {}]"]))
    perm = perm.format(draw(change()))
    head = f"{draw(STAMPS)}[{draw(st.sampled_from(['', 'Full ']))}GC{draw(CAUSE)}{draw(st.sampled_from([' ', '  ']))}"
    times = f" [Times: user={draw(SECS)} sys=0.01, real={draw(SECS)} secs]" if areas or draw(st.booleans()) else ""
    text = f"{head}{''.join(areas)}{draw(change())}{perm}, {draw(SECS)} secs]{times}"
    return text.replace(".", ",") if draw(st.booleans()) and "gc()" not in text else text


@st.composite
def g1_lines(draw):
    marks = draw(st.sampled_from(["", " (initial-mark)"])) + draw(st.sampled_from(["", " (to-space exhausted)"]))
    kind = draw(st.sampled_from(["young", "mixed"]))
    return f"{draw(STAMPS)}[GC pause{draw(CAUSE)} ({kind}){marks}, {draw(SECS)} secs]"


def general(text):
    (pause,) = read_pauses(Record((7,), text))
    return {name: getattr(pause, name) for name in COLUMNS}


def same(one, other):
    return one == other or (one != one and other != other)  # NaN is unknown both ways


@given(st.lists(lines(), min_size=1, max_size=4))
def test_columns_are_what_the_general_way_reads(texts):
    texts = [text.encode() for text in texts]
    columns = quick_columns([7] * len(texts), [quick_look(text) for text in texts])
    assert set(columns) == set(COLUMNS)
    for at, text in enumerate(texts):
        wanted = general(text)
        assert not {name for name in COLUMNS if not same(columns[name][at], wanted[name])}


@given(g1_lines())
def test_a_head_of_g1_is_what_the_general_way_reads(text):
    text = text.encode()
    stamped = STAMP.match(text)
    quick = g1_pause(7, text, stamped.end(), read_stamp(stamped))
    wanted = general(text)
    assert not {name for name in COLUMNS if not same(getattr(quick, name), wanted[name])}


def test_details_without_cpu_times_are_left_to_the_general_way():
    assert quick_look(b"7.250: [GC [PSYoungGen: 9K->2K(10K)] 30K->23K(50K), 0.25 secs]") is None
    assert quick_look(b"7.250: [GC 30K->23K(50K), 0.25 secs]") is not None
