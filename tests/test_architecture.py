"""What must hold whatever the layout: mirrored tests, sorted public names, small functions, true documents."""

import ast
import json
import re
import tomllib

import analysis
from tests.conftest import ROOT

PACKAGE = ROOT / "analysis"
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))


def test_the_public_names_are_sorted_and_there():
    assert list(analysis.__all__) == sorted(analysis.__all__)
    assert all(hasattr(analysis, name) for name in analysis.__all__)
    assert {"Incident", "Window", "align", "capture_from", "investigate", "load"} <= set(analysis.__all__)


def test_no_function_has_more_than_six_parameters():
    exceptions = {"report", "make_report", "suspects", "db"}  # the command line's options, and the call behind it
    wide = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name not in exceptions:
                names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                if len([n for n in names if n not in ("self", "cls")]) > 6:
                    wide.append(f"{path.name}:{node.name}")
    assert wide == []


def test_every_module_says_what_it_is_in_one_line():
    for path in MODULES:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert text, path
        assert len(text.splitlines()[0]) <= 117, path


def test_every_exported_function_is_described():
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [n for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "__all__"]
        exported = ast.literal_eval(named[0].value) if named else []
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in exported:
                assert ast.get_docstring(node), f"{path.name}:{node.name}"


def test_yaml_is_read_safely_and_shells_are_not_used():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "yaml.load(" not in text or "Loader=_Loader" in text, path
        assert "shell=True" not in text, path
        assert "eval(" not in text, path


def test_one_door_for_each_heavy_dependency():
    doors = {
        "plotly": "figures", "papermill": "report", "nbconvert": "report", "typer": "cli.py",
        "prometheus_api_client": "sources",
    }  # fmt: skip
    for path in MODULES:
        where = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                door = doors.get(name.split(".")[0])
                assert door in (None, where), f"{path}: {name}"


def test_the_code_map_names_every_module_folder():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in PACKAGE.iterdir():
        if path.suffix == ".py" and path.name not in ("__init__.py", "__main__.py"):
            assert path.name in text, path.name
        if path.is_dir() and path.name != "__pycache__":
            assert f"{path.name}/" in text, path.name


def test_the_floors_in_the_document_are_those_that_are_checked():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for layer in layers:
        for part in layer.split("|"):
            assert part.strip().removeprefix("analysis.") in text, part


def test_locks_have_hashes_and_name_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text


def test_the_bundled_evidence_is_small_and_holds_no_answers():
    folder = ROOT / "data" / "incidents"
    files = [p for p in folder.rglob("*") if p.is_file() and "report" not in p.parts]
    assert sum(p.stat().st_size for p in files) < 20_000_000
    assert not {p.name for p in files} & {"truth.json", "phases.json", "overview.png"}
    assert sorted(p.name for p in folder.iterdir()) == [
        "A-sidecar-throttle", "B-gc-pressure", "C-db-locks", "D-quiet-control",
    ]  # fmt: skip


def test_every_hypothesis_and_source_has_its_tests():
    for folder in ("sources", "correlate", "signals"):
        for path in (PACKAGE / folder).glob("*.py"):
            if path.name != "__init__.py":
                assert (ROOT / "tests" / folder / f"test_{path.name}").is_file(), path
    assert (ROOT / "tests" / "hypotheses" / "test_cpu_throttling.py").is_file()


def test_notebooks_are_thin_and_stripped():
    found = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert {p.stem for p in found} >= {"overview", "throttling"}
    for path in found:
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        assert len(cells) <= 15
        tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
        assert len(tagged) == 1
        assert re.match(r"incident = ", "".join(tagged[0]["source"]))
        for cell in cells:
            source = "".join(cell["source"])
            assert len(source.splitlines()) <= 10
            assert not re.search(r"\b(def|class|lambda \w+:.*for)\b", source.replace("lambda", ""))
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_nothing_names_a_folder_of_a_machine():
    documents = [*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / ".ci" / "run"]
    for path in [*MODULES, *(ROOT / "tests").rglob("*.py"), *documents]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.:/])/(work|root|home|Users)/\w", text), path
