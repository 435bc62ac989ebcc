import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.splittable import bare, is_splittable

SPACE = st.text(" \t\n", max_size=3)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\"'`\\\n\r"), max_size=20)
ENDS = st.sampled_from(["start", "end", "START", "End"])


@given(SPACE, ENDS, SPACE, SPACE)
def test_any_spelling_of_the_ends_of_the_range_is_seen(a, word, b, c):
    assert not is_splittable(f"m @{a}{word}{b}({c})")
    assert not is_splittable(f"rate(m[5m] @{a}# note @ 5\n{word}{b}({c}) offset 1m) / n")


@given(TEXTS, ENDS, st.sampled_from("\"'`"))
def test_what_is_in_strings_and_comments_does_not_count(text, word, quote):
    inside = f"{text}@ {word}(){text}"
    assert is_splittable(f"m{{a={quote}{inside}{quote}}}")
    assert is_splittable(f"m # {quote}{inside}\n + n")
    assert not is_splittable(f"m{{a={quote}{inside}{quote}}} @ {word}()")


@given(st.text(max_size=60))
def test_any_text_is_answered(text):
    assert is_splittable(text) in (True, False)


def test_escaped_quotes_and_backslashes_end_strings_where_promql_says():
    assert is_splittable(r'm{a="\"@ end()"}')
    assert not is_splittable(r'm{a="\\"} @ end() + n{b="x"}')
    assert not is_splittable(r"m{a=`\`} @ end() + n{b=`x`}")
    assert not is_splittable("""m{a='"'} @ end() + n{b='"'}""")
    assert bare("a{b='c'} # d") == 'a{b=""}  '


@pytest.mark.parametrize(
    "promql",
    [
        "topk(3, rate(m[5m]))", "bottomk(2, m)", "max_over_time(rate(m[1m])[5m:30s])", "m offset 5m", "m @ 1763784000",
        "avg_over_time(m[5m])", "start_time + end_time", "job:end:rate5m", "my_running_pods(m)",
        "histogram_quantile(0.9, m)",
        "m and on(start, end) n", "sum by (any) (m)", 'label_replace(m, "range_avg(", "$1", "limitk(", "(.*)")',
        "topk_usage", "default_m + m", "sum by (a, default) (m)", "m{default='x'}", "sum(any_value)",
    ],
)  # fmt: skip
def test_what_is_evaluated_point_by_point_is_split(promql):
    assert is_splittable(promql)


@pytest.mark.parametrize(
    "promql",
    ["range_avg(m)", "running_sum (m)", "TopK_avg(2, m)", "outliersk(2, m)", "limitk(3, m)", "m - start()", "any(m)",
     "keep_last_value(m)", "m default 0", "sum(m) by (x) default\n1", "increase_pure(m[1m])", "bitmap_and(m, 3)",
     "interpolate(m)", "rand()", "histogram(m)", "end() - m"],
)  # fmt: skip
def test_what_metricsql_computes_from_the_whole_range_is_not(promql):
    assert not is_splittable(promql)
