"""CPU throttling: dose, pods, words."""
