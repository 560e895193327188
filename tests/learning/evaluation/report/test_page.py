"""A report's folder: a self-contained page, and the values that a later run is compared with."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from learning.data.tables import DatasetError
from learning.evaluation.charts import Bars, Curve
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.report.baseline import Baseline
from learning.evaluation.report.page import check_directory, write_report
from learning.evaluation.report.report import Report, as_json, as_table
from plugin_config.errors import SettingsError

pytest.importorskip("matplotlib")
KEYS = [f"query {n}" for n in range(40)]
RNG = np.random.default_rng(5)
WORDS = RNG.random(40)
BOTH = np.clip(WORDS + 0.2, 0, 1)


def report(**more: object) -> Report:
    rows = [
        MeasuredRanking("words", {"NDCG@10": WORDS, "MRR": WORDS**2}, 1.0, keys=KEYS),
        MeasuredRanking(
            "words & <meaning>", {"NDCG@10": BOTH, "MRR": BOTH**2}, 1.0, {"meaning": 2}, KEYS
        ),
    ]
    return Report("search", {"items": "3 of $a$ <b>"}, rows, ["2 rows left out: not JSON"], **more)


class Checked(HTMLParser):
    """Every element that is opened is closed; ids are unique."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_complete_valid_and_fetches_nothing(tmp_path: Path) -> None:
    figures = [
        Curve("Looked at", "Falls from 1.", "position", "propensity", [1, 2], {"ours": [1, 0.5]}),
        Bars(
            "Brands", "Acme leads.", "share", ["Acme", "手机 $5 $6"], {"shown": [0.7, 0.3]},
            {"shown": [0.6, 0.2]}, {"shown": [0.8, 0.4]}, "A note.",
        ),
    ]  # fmt: skip
    totals = {"coverage": Interval(0.5, 0.4, 0.6, 40)}
    write_report(report(figures=figures, totals=totals), tmp_path / "out")
    page = (tmp_path / "out/index.html").read_text()
    checked = Checked(page)
    assert checked.open == []
    assert len(checked.ids) == len(set(checked.ids))
    assert "script" not in checked.tags
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", page)
    assert "words &amp; &lt;meaning&gt;" in page
    assert "NOT WHOLE" in page
    assert "2 rows left out: not JSON" in page
    assert "0.5000 [0.4000, 0.6000]" in page
    assert page.count('<svg role="img" aria-label="') == 2 + 2 * 2
    assert "Falls from 1." in page
    assert "手机 $5 $6" in page
    # Colours are the style's, so that they fit light and dark.
    assert "var(--c1)" in page
    assert not re.search(r"#0[1247]0[258]0", page)


def test_only_an_earlier_report_is_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report(report(), out)
    first = (out / "report.json").read_text()
    write_report(replace(report(), rankings=report().rankings[:1]), out)
    assert (out / "report.json").read_text() != first
    assert sorted(each.name for each in out.iterdir()) == ["index.html", "report.json"]
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(SettingsError, match=r"thesis\.txt"):
        write_report(report(), out)
    foreign = tmp_path / "site"
    foreign.mkdir()
    (foreign / "index.html").write_text("mine")
    with pytest.raises(SettingsError, match=r"index\.html"):
        check_directory(foreign)
    assert (foreign / "index.html").read_text() == "mine"
    with pytest.raises(SettingsError, match="is a file"):
        check_directory(foreign / "index.html")
    (tmp_path / "empty").mkdir()
    check_directory(tmp_path / "empty")


def test_differences_to_an_earlier_run(tmp_path: Path) -> None:
    write_report(report(), tmp_path / "before")
    baseline = Baseline.read(tmp_path / "before/report.json")
    # The same queries in another order, and a label that the baseline lacks.
    reverse = np.arange(40)[::-1]
    row = MeasuredRanking(
        "learned", {"NDCG@10": (WORDS + 0.1)[reverse]}, 1.0, keys=[KEYS[n] for n in reverse]
    )
    now = Report("search", {}, [row], baseline=baseline)
    baseline.check("search", now.rankings)
    (difference,) = now.rows[0].to_baseline.values()
    assert difference.mean == pytest.approx(0.1)
    assert (difference.low, difference.high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert "  - baseline words" in as_table(now)
    printed = json.loads(as_json(now))["rows"][0]
    assert printed["baseline"] == "words"
    assert printed["difference_to_baseline"]["NDCG@10"]["mean"] == pytest.approx(0.1)
    write_report(now, tmp_path / "now")
    page = (tmp_path / "now/index.html").read_text()
    assert "- baseline words" in page
    assert "+0.1000 [+0.1000, +0.1000]" in page


def test_a_baseline_of_other_queries_or_without_values_is_an_error(tmp_path: Path) -> None:
    write_report(report(), tmp_path / "before")
    baseline = Baseline.read(tmp_path / "before/report.json")
    other = MeasuredRanking("words", {"NDCG@10": WORDS}, 1.0, keys=[*KEYS[:-1], "another"])
    with pytest.raises(DatasetError, match=r"1 that the baseline lacks \('another'\), and lacks 1"):
        baseline.check("search", [other])
    with pytest.raises(DatasetError, match="of the task search, and this one of next-item"):
        baseline.check("next-item", report().rankings)
    printed = tmp_path / "printed.json"
    printed.write_text(as_json(report()))
    with pytest.raises(DatasetError, match="averages only"):
        Baseline.read(printed)
    printed.write_text("[]")
    with pytest.raises(DatasetError, match="no report"):
        Baseline.read(printed)


def test_values_and_weights_are_written_by_query(tmp_path: Path) -> None:
    values = np.array([0.25, np.nan, 1.0])
    weights = np.array([1.0, 0.0, 3.0])
    row = MeasuredRanking("log", {"m": values}, 1.0, keys=["a", "b", "a"], weights={"m": weights})
    write_report(Report("events", {}, [row]), tmp_path / "out")
    written = json.loads((tmp_path / "out/report.json").read_text())["rows"][0]
    assert written["values"] == {"m": {"a": 0.25, "b": None, "a #2": 1.0}}
    assert written["measures"]["m"]["mean"] == pytest.approx(3.25 / 4)
    again = Baseline.read(tmp_path / "out/report.json").rows[0]
    assert again.intervals()["m"] == row.intervals()["m"]


def test_a_metric_without_any_value(tmp_path: Path) -> None:
    row = MeasuredRanking("log", {"m": np.full(2, np.nan)}, 1.0)
    empty = Report("events", {}, [row])
    write_report(empty, tmp_path / "out")
    assert "No query has a value." in (tmp_path / "out/index.html").read_text()
    assert "no value" in as_table(empty)
    assert json.loads(as_json(empty))["rows"][0]["measures"]["m"]["mean"] is None
