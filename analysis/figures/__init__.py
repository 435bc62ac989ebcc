"""Plotly figures from results that are computed already; each returns a go.Figure and reads or writes nothing."""

from analysis.figures.throttling import class_scatter, suspect_panels, throttle_raster
from analysis.figures.timeline import timeline

__all__ = ["class_scatter", "suspect_panels", "throttle_raster", "timeline"]
