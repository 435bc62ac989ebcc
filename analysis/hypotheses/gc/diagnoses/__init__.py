"""What a GC log shows that has a name: observations with their evidence, no verdicts."""
