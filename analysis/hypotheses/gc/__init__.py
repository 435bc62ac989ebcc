"""GC pauses: JVMs, cover, exposure, onset, words."""
