"""How many fingerprints a second: of raw texts, of texts whose literals differ, and of texts that come again."""

import time

from analysis.sql.fingerprint import Fingerprints, fingerprint
from tests.sql.test_recorded_classes import statements_of

AIM_RAW, AIM_AGAIN = 40_000, 500_000  # a second, of 113 bytes on average; printed, since machines differ


def rate(work, texts, rounds=3):
    """Texts per CPU second, the best of some rounds."""
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        for text in texts:
            work(text)
        best = max(best, len(texts) / (time.process_time() - start))
    return best


def test_the_speed_of_fingerprints(corpus):
    texts = statements_of(corpus / "db" / "recorded" / "postgresql.log.zst", comments=True)
    mean = sum(map(len, texts)) / len(texts)
    print(f"\n{len(texts)} statements, {mean:.0f} characters on average, {len(set(texts))} different")
    raw = rate(fingerprint, texts[::10])
    known = Fingerprints()
    memo = rate(known.of, texts, 1)
    shown = texts[-5000:]
    for text in shown:
        known.of(text)
    again = rate(known.of, shown * 10)
    print(f"raw: {raw:,.0f}/s (aim {AIM_RAW:,})")
    print(f"the log once, with the memo: {memo:,.0f}/s")
    print(f"texts that the memo knows: {again:,.0f}/s (aim {AIM_AGAIN:,})")
    assert memo > 2 * raw
    assert again > 5 * raw
