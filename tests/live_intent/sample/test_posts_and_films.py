"""The samples of the scenarios feed and video: the same every time, and plausible."""

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from live_intent.sample.commands import sample
from live_intent.sample.samples import SAMPLES


@pytest.fixture(scope="module", params=["feed", "video"])
def scenario(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rows(scenario: str) -> list[Any]:
    return list(SAMPLES[scenario].items())


def test_the_command_writes_items_and_all_their_pictures(
    tmp_path: Path, scenario: str, rows: list[Any]
) -> None:
    file, images = tmp_path / "items.jsonl", tmp_path / "images"
    options = [str(file), "--scenario", scenario, "--images", str(images)]
    result = CliRunner().invoke(sample, options, catch_exceptions=False)
    assert result.output.startswith(f"{len(rows)} items written to ")
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == rows
    drawn = {f"images/{path.name}" for path in images.iterdir()}
    assert {row["image_url"] for row in rows if "image_url" in row} <= drawn
    for path in images.iterdir():
        assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        text = path.read_text(encoding="utf-8")
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_items_differ_and_have_no_slots_left(rows: list[Any]) -> None:
    assert 200 <= len(rows) <= 400
    assert len({row["item_id"] for row in rows}) == len(rows)
    for row in rows:
        assert not re.search(r"[{}|]|  |\.\.", f"{row['title']}{row['description']}"), row
        assert row["brand"]
        assert row["popularity"] > 0


def test_categories_are_of_one_size_and_mixed(rows: list[Any], scenario: str) -> None:
    def first(row: Any) -> str:
        return str(row["category"] if scenario == "feed" else row["category"][0][0])

    counts = Counter(map(first, rows))
    assert len(set(counts.values())) == 1
    assert len({first(row) for row in rows[: len(counts)]}) == len(counts)


def test_posts_have_likes_comments_and_some_a_picture() -> None:
    posts: list[Any] = list(SAMPLES["feed"].items())
    for post in posts:
        facts = post["attributes"]
        assert facts["likes"] > 0
        assert facts["comments"] >= len(facts["replies"])
    assert 0.4 < sum("image_url" in post for post in posts) / len(posts) < 0.7


def test_films_have_a_length_a_year_and_a_cast() -> None:
    films: list[Any] = list(SAMPLES["video"].items())
    for film in films:
        facts = film["attributes"]
        assert 60 <= facts["minutes"] <= 160
        assert film["updated_at"].startswith(str(facts["year"]))
        assert len(set(facts["cast"])) == 3


def test_visits_are_of_the_shop_alone(tmp_path: Path) -> None:
    options = [str(tmp_path / "o.jsonl"), "--scenario", "feed", "--visits", str(tmp_path)]
    result = CliRunner().invoke(sample, options)
    assert result.exit_code == 2
    assert "leave --scenario out" in result.output
