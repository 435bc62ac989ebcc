"""The classes of the recording are those that pglast gave it; ids of its classes are kept here, not its code (GPL)."""

import gzip
import re
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path

import pytest

from analysis.sources.lines import open_lines
from analysis.sql.fingerprint import fingerprint

CLASSES = Path(__file__).parent / "data" / "pglast_classes.txt.gz"
COMMENT = re.compile(r"\s*/\*.*?\*/\s*")


def statements_of(path, *, comments):
    """Texts of the statements of the recorded log in their order; what stands on further lines belongs to them."""
    found: list[str] = []
    within = False
    for raw in open_lines(path).lines:
        line = raw.decode()
        if line.startswith("\t"):
            if within:
                found[-1] += f"\n{line[1:]}"
            continue
        said = re.search(r"LOG:  duration: [\d.]+ ms  (?:statement|execute [^:]*): (.*)", line)
        within = said is not None
        if said:
            found.append(said[1])
    return found if comments else [COMMENT.sub("", text) for text in found]


@pytest.mark.slow
def test_the_same_classes_as_pglast(corpus):
    expected = dict(line.split() for line in gzip.decompress(CLASSES.read_bytes()).decode().splitlines())
    ours, theirs, met = defaultdict(set), defaultdict(set), 0
    for text in set(statements_of(corpus / "db" / "recorded" / "postgresql.log.zst", comments=False)):
        number = expected.get(blake2b(text.encode(), digest_size=8).hexdigest())
        if number is not None:
            shape = fingerprint(text)
            ours[shape].add(number)
            theirs[number].add(shape)
            met += 1
    assert met == len(expected) > 4000
    assert len(ours) == len(theirs) == len(set(expected.values()))
    assert all(len(numbers) == 1 for numbers in ours.values())
    assert all(len(shapes) == 1 for shapes in theirs.values())
