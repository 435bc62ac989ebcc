"""The database: dose, cover, words of load and locks."""
