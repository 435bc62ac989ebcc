"""What the unit tests of other GC log readers expect, translated into questions to our tables."""
