"""What to ask a server of metrics, as data: questions, the metrics that answer them in every dialect, expressions."""

from analysis.catalogue.catalogue import load_catalogue
from analysis.catalogue.expressions import substitute
from analysis.catalogue.model import Absence, Catalogue, Expression, Metric, Question, Way
from analysis.catalogue.resolve import Found, Resolved, names_regexes, resolve
from analysis.catalogue.selectors import Ask, selectors_for

__all__ = [
    "Absence", "Ask", "Catalogue", "Expression", "Found", "Metric", "Question", "Resolved", "Way", "load_catalogue",
    "names_regexes", "resolve", "selectors_for", "substitute",
]  # fmt: skip
