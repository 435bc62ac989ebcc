"""Contract frames in, named quantities with a unit out; pure."""
