"""Live capture: from servers that still know it to raw/, without harming them, in steps that survive a kill."""

from analysis.live.run import Captured, capture_live

__all__ = ["Captured", "capture_live"]
