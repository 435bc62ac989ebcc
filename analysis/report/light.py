"""nbformat, nbconvert and papermill without the grammar that jsonschema compiles when it is imported.

jsonschema checks IRIs with rfc3987_syntax where that is installed (JupyterLab brings it); importing it compiles a
grammar: 2.4 CPU seconds (measured), for a format that no notebook schema uses. jsonschema is made for its absence, so
it is held back while these three are imported, and let go again afterwards.
"""

from __future__ import annotations

import sys
from typing import Any, cast

_held = cast("dict[str, Any]", sys.modules)
_absent = "rfc3987_syntax" not in _held
if _absent:
    _held["rfc3987_syntax"] = None

import nbformat  # noqa: E402
import papermill  # noqa: E402
from nbconvert.exporters import HTMLExporter  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402

if _absent:
    del _held["rfc3987_syntax"]

__all__ = ["HTMLExporter", "PapermillExecutionError", "nbformat", "papermill"]
