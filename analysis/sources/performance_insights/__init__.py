"""Saved answers of Performance Insights (aws pi): JSON -> frames; no request is made."""

from analysis.sources.performance_insights.frames import PerformanceInsights
from analysis.sources.performance_insights.reader import read_performance_insights

__all__ = ["PerformanceInsights", "read_performance_insights"]
