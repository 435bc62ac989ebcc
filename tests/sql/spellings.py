"""Statements with literals in every spelling, each literal holding a mark that must not be left."""

from hypothesis import strategies as st

SECRET = "Zq7x"  # stands in no template
BODY = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12).map(
    lambda t: f"{t}{SECRET}{t[::-1]}"
)


def _plain(body: str) -> str:
    return "'" + body.replace("\\", "/").replace("'", "''") + "'"


def _escaped(body: str) -> str:
    return "E'" + body.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _dollar(body: str) -> str:
    return "$tag$" + body.replace("$", "") + "$tag$"


LITERAL = st.one_of(
    BODY.map(_plain),
    BODY.map(_escaped),
    BODY.map(_dollar),
    BODY.map(lambda b: "$$" + b.replace("$", "") + "$$"),
    BODY.map(lambda b: "n" + _plain(b)),
    BODY.map(lambda b: "U&" + _plain(b)),
    st.sampled_from(["90210777", "-90210777.5", "9.0210777e9", ".90210777", "0x90210777", "90_210_777", "b'90210777'"]),
    st.sampled_from(["$90210777", "date '9021-07-77'", "'90210777'::int", "null", "true"]),
)
COMMENT = st.one_of(
    BODY.map(lambda b: "/* " + b.replace("*", "").replace("/", "") + " */"),
    BODY.map(lambda b: "/* /* " + b.replace("*", "").replace("/", "") + " */ " + SECRET + " */"),
    BODY.map(lambda b: "-- " + b.replace("\n", "").replace("\r", "") + "\n"),
)
TEMPLATES = (
    "select a, b1 from t_1 where c = {} and d in ({}, {}, {}) {} limit {}",
    "insert into t_2 (a, b) values ({}, {}), ({}, {}), ({}, now()){}",
    "UPDATE s.t3 SET a = a - {}, b = b + {} WHERE c BETWEEN {} AND {} OR d LIKE {} {}",
    'delete from "T" where a->>{} = {} and b = any(array[{}, {}]) and c[{}] > {}',
    "with x as (select {} as y) select f({}, {}), case when a > {} then {} else {} end from x",
)


@st.composite
def statements(draw):
    """Draw a statement with six literals or comments."""
    template = draw(st.sampled_from(TEMPLATES))
    literals = [draw(LITERAL) for _ in range(6)]
    if (template.endswith("{}") and "limit" not in template) or "{} limit" in template:
        at = 4 if "{} limit" in template else 5
        literals[at] = draw(COMMENT)
    return template.format(*literals)
