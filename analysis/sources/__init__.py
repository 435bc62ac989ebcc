"""Foreign bytes to contract frames: the only place with foreign formats."""
