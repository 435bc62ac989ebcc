"""Triggers: rollouts and pushes, what they covered, what passed without harm, words."""
