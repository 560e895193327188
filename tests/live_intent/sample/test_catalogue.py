"""The sample catalogue: the same every time, and plausible."""

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from live_intent.sample.catalogue import SampleRow, sample_items
from live_intent.sample.commands import sample
from live_intent.sample.samples import SAMPLES


@pytest.fixture(scope="module")
def rows() -> list[SampleRow]:
    return list(sample_items())


def test_the_command_writes_the_same_file_twice(tmp_path: Path, rows: list[SampleRow]) -> None:
    digests = []
    for name in ("one.jsonl", "two.jsonl"):
        result = CliRunner().invoke(sample, [str(tmp_path / name)], catch_exceptions=False)
        assert result.output.startswith(f"{len(rows):,} items written to ")
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    lines = (tmp_path / "one.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert SAMPLES["shop"].hash == SAMPLES["shop"].hash


def test_count_and_uniqueness(rows: list[SampleRow]) -> None:
    assert 2_900 <= len(rows) <= 3_200
    assert len({row["item_id"] for row in rows}) == len(rows)
    assert len({row["title"] for row in rows}) == len(rows)
    assert len({row["category"] for row in rows}) >= 50


def test_every_item_is_plausible(rows: list[SampleRow]) -> None:
    for row in rows:
        assert re.fullmatch(r"[a-z0-9-]+-\d{3}", str(row["item_id"]))
        assert not re.search(r"[{}|*]|  ", f"{row['title']}{row['description']}"), row
        assert row["brand"]
        assert row["description"]
        assert 0.9 <= float(str(row["price"])) <= 12_000, row
        assert row["currency"] == {"en": "USD", "zh": "CNY"}[str(row["language"])]
    available = sum(bool(row["available"]) for row in rows) / len(rows)
    assert 0.9 < available < 0.98


def test_few_items_have_most_of_the_popularity(rows: list[SampleRow]) -> None:
    views = sorted((float(str(row["popularity"])) for row in rows), reverse=True)
    assert views[-1] > 0
    assert sum(views[: len(views) // 10]) > 0.45 * sum(views)


def test_chinese_phones(rows: list[SampleRow]) -> None:
    chinese = [row for row in rows if row["language"] == "zh"]
    phones = [row for row in chinese if row["category"] == "Phones > Smartphones"]
    assert 190 <= len(phones) <= 220
    assert all("手机" in str(row["title"]) for row in phones)
    brands = Counter(str(row["brand"]) for row in phones)
    expected = {"小米", "红米", "华为", "荣耀", "vivo", "OPPO", "苹果", "三星", "一加", "魅族"}
    assert set(brands) == expected
    assert brands["小米"] + brands["红米"] == 60
    assert any(row["category"] == "Phones > Cases" for row in chinese)  # 手机壳 is not a 手机


def test_every_item_has_a_drawn_picture_of_its_colour(
    tmp_path: Path, rows: list[SampleRow]
) -> None:
    options = [str(tmp_path / "items.jsonl"), "--images", str(tmp_path / "images")]
    result = CliRunner().invoke(sample, options, catch_exceptions=False)
    drawn = {path.name for path in (tmp_path / "images").iterdir()}
    assert f"{len(drawn)} pictures drawn" in result.output
    assert {str(row["image_url"]) for row in rows} == {f"images/{name}" for name in drawn}
    for path in (tmp_path / "images").iterdir():
        assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        assert "http" not in path.read_text().replace("http://www.w3.org/2000/svg", "")
    red = next(
        row
        for row in rows
        if "Wireless Over-Ear" in str(row["title"]) and str(row["title"]).endswith("Burgundy")
    )
    assert red["image_url"] == "images/headphones-7d2f40.svg"


def test_variants_differ_in_colour_or_size_only(rows: list[SampleRow]) -> None:
    groups: dict[str, list[SampleRow]] = defaultdict(list)
    for row in rows:
        if "group_id" in row:
            groups[str(row["group_id"])].append(row)
    assert len(groups) > 150
    for members in groups.values():
        assert len(members) > 1
        assert len({(row["brand"], row["category"], row["language"]) for row in members}) == 1


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("wireless", "noise cancelling", "headphones"), 5),
        (("cast iron skillet",), 5),
        (("running shoes", "women"), 10),
        (("laptop", "16 gb"), 10),
        (("dog", "bed"), 3),
        (("coffee beans",), 5),
    ],
)
def test_everyday_searches_have_matches(
    rows: list[SampleRow], words: tuple[str, ...], least: int
) -> None:
    matches = [row for row in rows if all(word in str(row["title"]).lower() for word in words)]
    assert len(matches) >= least
