"""The sampler of database sessions for users: the one part that connects to anything, by a reference only."""
