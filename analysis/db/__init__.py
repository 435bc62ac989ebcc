"""What one source says of a database, without an incident: what `postmortem db` prints, for people and for machines."""
