"""From an incident folder to report.html and report.json: execute the notebooks, render, publish."""

from analysis.report.make import Report, make_report

__all__ = ["Report", "make_report"]
