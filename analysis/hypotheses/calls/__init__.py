"""Calls between services: what each destination cost, where the time was spent, words."""
