"""Post-incident analysis from frozen evidence: tested suspects, one offline HTML postmortem."""

from analysis import figures, views
from analysis.capture import capture_from
from analysis.collect import load
from analysis.errors import AnalysisError
from analysis.findings import Finding
from analysis.incident import Incident, Window
from analysis.investigation import Investigation, investigate
from analysis.series import align
from analysis.suspects.ranking import Ranking, rank_suspects

__all__ = [
    "AnalysisError",
    "Finding",
    "Incident",
    "Investigation",
    "Ranking",
    "Window",
    "align",
    "capture_from",
    "figures",
    "investigate",
    "load",
    "rank_suspects",
    "views",
]
