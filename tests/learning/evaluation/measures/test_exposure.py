"""Coverage, popularity and exposure of groups, by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from learning.data.tables import DatasetError
from learning.data.ubi_log import Click, Impression
from learning.evaluation.measures.exposure import OTHERS, LoggedExposure, gini
from learning.evaluation.measures.item_attributes import ItemAttributes


def catalogue(path: Path, count: int = 4) -> Path:
    rows = [
        {
            "item_id": f"i{n}", "title": f"thing {n}", "brand": ("Acme", "", "Bolt")[n % 3],
            "category": ["All", ("Shoes", "Hats")[n % 2], f"kind {n}"], "popularity": n,
        }
        for n in range(count)
    ]  # fmt: skip
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def shown(number: int, items: list[str], *clicked: str) -> Impression:
    positions = tuple(range(1, len(items) + 1))
    clicks = tuple(Click(item, items.index(item) + 1) for item in clicked)
    return Impression(str(number), "q", "s", tuple(items), positions, clicks)


LOG = [shown(1, ["i3", "i1"], "i1"), shown(2, ["i3", "gone"]), shown(3, ["gone"], "gone")]


def test_exposure_by_hand(tmp_path: Path) -> None:
    attributes = ItemAttributes.of_file(catalogue(tmp_path / "items.jsonl"))
    # All share the root: categories are cut one level below.
    assert attributes.categories == ("All > Shoes", "All > Hats") * 2
    assert attributes.brands == ("Acme", "(none)", "Bolt", "Acme")
    exposure = LoggedExposure.of(LOG, attributes)
    assert exposure.unknown == ("gone",)
    values, weights = exposure.popularity()
    assert values["popularity shown / catalogue"].tolist()[:2] == [2 / 1.5, 3 / 1.5]
    assert np.isnan(values["popularity shown / catalogue"][2])
    name = "popularity clicked / shown"
    assert values[name][0] == 1 / 2
    assert np.isnan(values[name][1:]).all()
    assert weights[name].tolist() == [2, 0, 0]
    totals = exposure.totals(seed=0)
    assert totals["coverage, shown"].mean == 2 / 4
    assert totals["coverage, clicked"].mean == 1 / 4
    second = 1 / np.log2(3)
    assert totals["Gini of exposure, items"].mean == pytest.approx(
        gini(np.array([0, 2, second, 0]))
    )
    bars = exposure.bars("brand", attributes.brands, seed=0)
    assert bars.labels[0] == "Acme"
    assert bars.series["exposure"] == pytest.approx([2 / (2 + second), second / (2 + second), 0])
    assert bars.series["clicks"] == [0, 1, 0]
    assert bars.series["catalogue"] == [0.5, 0.25, 0.25]
    assert all(
        low <= share <= high
        for low, share, high in zip(
            bars.low["exposure"], bars.series["exposure"], bars.high["exposure"], strict=True
        )
    )


def test_the_least_exposed_of_many_groups_are_summed(tmp_path: Path) -> None:
    attributes = ItemAttributes.of_file(catalogue(tmp_path / "items.jsonl", 40))
    exposure = LoggedExposure.of([shown(1, [f"i{n}" for n in range(20)])], attributes)
    bars = exposure.bars("item", [f"brand {n:02}" for n in range(40)], seed=0)
    assert bars.labels == [*(f"brand {n:02}" for n in range(12)), OTHERS]
    assert sum(bars.series["exposure"]) == pytest.approx(1)
    assert bars.series["catalogue"][-1] == pytest.approx(28 / 40)


def test_a_log_of_another_catalogue_without_popularity(tmp_path: Path) -> None:
    attributes = ItemAttributes.of_file(catalogue(tmp_path / "items.jsonl", 1))
    exposure = LoggedExposure.of(LOG, attributes)
    assert exposure.popularity() == ({}, {})
    totals = exposure.totals(seed=0)
    assert totals["coverage, shown"].mean == 0
    assert np.isnan(totals["Gini of exposure, items"].mean)
    assert sum(exposure.bars("brand", attributes.brands, 0).series["exposure"]) == 0
    (tmp_path / "none.jsonl").write_text("{}")
    with pytest.raises(DatasetError, match="no item"):
        ItemAttributes.of_file(tmp_path / "none.jsonl")


def test_gini_against_pairwise_differences() -> None:
    assert gini(np.ones(10)) == pytest.approx(0)
    assert gini(np.array([0.0] * 99 + [1.0])) == pytest.approx(0.99)
    amounts = np.random.default_rng(0).random(50)
    brute = np.abs(amounts[:, None] - amounts).mean() / (2 * amounts.mean())
    assert gini(amounts) == pytest.approx(brute)
    assert np.isnan(gini(np.zeros(3)))
