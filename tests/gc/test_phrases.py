"""Numbers, lines and tables as the command writes them."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.gc.phrases import moment, table, wrapped


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=300), st.integers(30, 120))
def test_wrapped_text_keeps_its_words(text, width):
    lines = wrapped("  - ", text, width, rest="    ")
    assert " ".join(lines).split() == ["-", *text.split()] or max(map(len, text.split())) > width - 4
    assert all(len(line) <= width for line in lines)


def test_a_unit_stays_with_its_number():
    lines = wrapped("", "about 12.5 ms and 40 % and 3 MiB of it", 12, rest="")
    assert {"12.5 ms", "40 %", "3 MiB"} <= {part for line in lines for part in (line, line.split(" and ")[-1])} or all(
        not line.startswith(("ms", "%", "MiB")) for line in lines
    )


def test_columns_line_up():
    rows = table(("a", "b", "n"), [("x", "long", "1"), ("longer", "y", "100")], left=2)
    assert len({len(row) for row in rows}) == 1


def test_a_moment_that_is_not_known():
    assert moment(None, None) == "unknown"
