"""Rows of a query, a history and a target, made of public data."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.datasets import read
from benchmarks.relevance.ratings import Rating
from benchmarks.relevance.rows import (
    FEWEST,
    MOST,
    MOST_ROWS,
    broad_query,
    broad_rows,
    query_words,
    rated_sequences,
    simulated_rows,
    tag_rows,
    write,
)

AMAZON = Path(os.environ.get("DATASETS_DIR", "../shared/data")) / "amazon_games"


def tag(text: str, item: str = "m9", time: float = 50, user: str = "u") -> dict[str, object]:
    return {"user_id": user, "item_id": item, "tag": text, "timestamp": time}


RATINGS = [
    Rating("u", "m1", 5.0, 30),
    Rating("u", "m2", 1.0, 10),
    Rating("u", "m3", 3.0, 20),
    Rating("u", "m4", 4.0, 60),
    Rating("u", "m9", 5.0, 40),
]


def test_a_tag_is_a_query_after_the_earlier_ratings() -> None:
    (row,) = tag_rows([tag(" twist  ending ")], RATINGS)
    assert row["query"] == "twist ending"
    assert row["target"] == "m9"
    assert row["history"] == [
        {"item_id": "m2", "action": "dislike", "timestamp": 10},
        {"item_id": "m1", "action": "like", "timestamp": 30},
    ]


def test_tags_that_say_nothing_or_have_no_history_are_left_out() -> None:
    left_out = [
        tag("In Netflix queue"),
        tag("early", time=10),
        tag("none rated", user="v"),
        tag(" "),
    ]
    assert tag_rows([*left_out, tag("good"), tag("GOOD")], RATINGS) == tag_rows(
        [tag("good")], RATINGS
    )


def test_a_user_has_at_most_50_rows_chosen_by_a_hash() -> None:
    tags = [tag(f"tag {n}") for n in range(300)]
    rows = tag_rows(tags, RATINGS)
    assert len(rows) == MOST_ROWS
    assert rows == tag_rows(tags[::-1], RATINGS)[::-1]
    assert rows != tag_rows(tags[:MOST_ROWS], RATINGS)


def test_sequences_are_oldest_first() -> None:
    (row,) = rated_sequences(RATINGS)
    assert row == {"user_id": "u", "item_ids": ["m2", "m3", "m1", "m9", "m4"]}


def test_words_of_a_title() -> None:
    title = "Pok&eacute;mon Sun & Moon - The Game's 3DS (PS4) II"
    assert query_words(title) == ["pokemon", "sun", "moon", "game", "ps4"]


def test_a_broad_query_is_neither_rare_nor_everywhere() -> None:
    titles = {
        f"a{n}": f"wii game {'zelda' if n < 30 else ''}{'rare' * (n < 3)}" for n in range(700)
    }
    rows = list(broad_rows([{"user_id": "u", "item_ids": ["a9", "a1"]},
                            {"user_id": "v", "item_ids": ["a9", "a300"]}], titles))  # fmt: skip
    assert [row["query"] for row in rows] == []  # zelda and rare are one word there
    titles = {name: title.replace("rare", " rare") for name, title in titles.items()}
    (row,) = broad_rows([{"user_id": "u", "item_ids": ["a9", "a1"]},
                         {"user_id": "v", "item_ids": ["a9", "a300"]}], titles)  # fmt: skip
    assert row == {"user_id": "u", "query": "zelda", "history": ["a9"], "target": "a1"}


def test_the_word_for_an_item_varies_between_users() -> None:
    """A model could memorise one word per item, and would validate far too well."""
    titles = {f"a{n}": "zelda wii racing" for n in range(100)}
    sequences = [{"user_id": f"u{n}", "item_ids": ["a1", "a2"]} for n in range(60)]
    rows = list(broad_rows(sequences, titles))
    assert Counter(row["query"] for row in rows).keys() == {"zelda", "wii", "racing"}
    assert rows == list(broad_rows(sequences, titles))


def test_the_construction_is_that_of_the_real_file(tmp_path: Path) -> None:
    """The queries of the real file could have been drawn here, but for a few items."""
    if not AMAZON.is_dir():
        pytest.skip(f"the data set amazon_games is not at {AMAZON} (set DATASETS_DIR)")
    titles = {row["item_id"]: row["title"] for row in read(AMAZON / "items.jsonl.gz")}
    words = {item_id: set(query_words(title)) for item_id, title in titles.items()}
    frequency = Counter(word for of_title in words.values() for word in of_title)
    published = list(read(AMAZON / "broad_query.jsonl.gz"))
    odd = 0
    for row in published:
        drawn = broad_query(row["target"], words[row["target"]], frequency)
        odd += row["query"] not in words[row["target"]] or not drawn
        odd += not FEWEST <= frequency[row["query"]] <= MOST
    assert odd < 0.01 * len(published)
    write(published[:3], tmp_path / "rows.jsonl")
    assert [json.loads(line) for line in (tmp_path / "rows.jsonl").open()] == published[:3]


def test_simulated_targets_were_liked_last_and_sequences_end_before_them() -> None:
    """No training sequence may hold a target, or an item after it."""
    movies = [
        {"item_id": str(n), "title": f"Film {n}", "genres": ["Comedy" if n % 2 else "Drama"],
         "overview": "a story of love"}
        for n in range(60)
    ]  # fmt: skip
    ratings = [Rating("u", str(n), 4.5 if n % 3 else 1.0, float(n)) for n in range(30)]
    rows = list(simulated_rows(ratings, movies))
    assert rows
    liked = [each.item_id for each in ratings if each.action == "like"]
    assert [row["target"] for row in rows] == liked[-len(rows) :]
    assert len(rows) == len(liked) // 5
    for row in rows:
        assert row["target"] not in {event["item_id"] for event in row["history"]}
        assert row["query"] in {"film", "comedy", "drama", "story", "love"}
    (sequence,) = rated_sequences(ratings, rows)
    assert sequence["item_ids"] == [str(n) for n in range(int(rows[0]["target"]))]
