"""What pgBadger counts in logs of the corpus, beside what we count: every figure equal, or looked at and explained."""
