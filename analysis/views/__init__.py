"""What notebooks show beside figures: sentences, cards, tables. Data with a kind; one template escapes every text."""

from analysis.views import calls, database, database_estimates, database_windows, gc, suspects
from analysis.views.captured import asked_table
from analysis.views.overview import (
    cards,
    coverage_table,
    details,
    headline,
    impact,
    lead,
    ledger_table,
    narrative,
    notes,
    timeline_table,
)  # fmt: skip
from analysis.views.scrapes import scrape_table
from analysis.views.throttling import container_table
from analysis.views.view import View

__all__ = [
    "View", "asked_table", "calls", "cards", "container_table", "coverage_table", "database", "database_estimates",
    "database_windows", "details", "gc", "headline", "impact", "lead", "ledger_table", "narrative", "notes",
    "scrape_table", "suspects", "timeline_table",
]  # fmt: skip
