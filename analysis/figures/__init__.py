"""Plotly figures from results that are computed already; each returns a go.Figure and reads or writes nothing."""

from analysis.figures.sensitivity import sensitivity_strip
from analysis.figures.suspects import ranked_panels
from analysis.figures.throttling import class_scatter, suspect_panels, throttle_raster
from analysis.figures.timeline import timeline

__all__ = ["class_scatter", "ranked_panels", "sensitivity_strip", "suspect_panels", "throttle_raster", "timeline"]
