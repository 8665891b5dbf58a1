"""The page of figures is made of what a run leaves."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from tests.bench.report import Report, Series
from tests.support.processes import BASE


def script() -> ModuleType:
    path = BASE / "scripts" / "write_performance.py"
    spec = importlib.util.spec_from_file_location("write_performance", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_holds_goals_figures_and_growth(tmp_path: Path) -> None:
    report = Report()
    report.add(Series("dashboard", "ms", [10.0, 12.0, 11.0]))
    for size, value in ((1000, 4.0), (10_000, 5.0), (100_000, 40.0)):
        report.add(Series(f"growth | list | jobs | {size}", "ms", [value]))
    report.goal("list / bare", 0.5, 0.7, at_most=False, unit="x")
    report.write(tmp_path / "bench.json")

    page = script().page(json.loads((tmp_path / "bench.json").read_text()), "A busy machine.")

    assert "| list / bare | 0.50 x | ≥ 0.70 x | **not met** |" in page
    assert "| dashboard | 11.00 ms |" in page
    assert "| list | jobs, from 1,000 | 4.00 | 5.00 | 40.00 | 0.50 |" in page
    assert "A busy machine." in page


def test_every_measurement_is_named_and_documented_modules_import() -> None:
    from tests.bench import bench

    assert {"api_list", "pages", "growth", "a_million", "audit"} <= set(bench.MEASUREMENTS)
