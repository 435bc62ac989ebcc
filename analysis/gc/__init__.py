"""One GC log on its own, without an incident: what `postmortem gc` prints, for people and for machines."""
