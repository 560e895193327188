"""Rows for `live-intent evaluate personalised-search`, made of public data.

    python -m benchmarks.rows movielens [--out ROWS.jsonl] [--sequences SEQUENCES.jsonl]
        [--simulated ROWS.jsonl]
    python -m benchmarks.rows amazon [--out ROWS.jsonl]

movielens: a tag as the query, the movie that the user gave it to as the target, and what the user
rated before as the history: 4.0 or more a like, 2.0 or less a dislike. At most 50 rows a user,
chosen by a hash, for one user gave a third of all tags; no tag "in netflix queue", which says
nothing of a movie, and none before which nothing was rated. --sequences also writes each user's
rated movies in the order of time, for --popularity-from. --simulated also writes rows to learn
from, of users without a tag: each of the last 20 % of the movies that a user liked is a target, and
the query is one word of the movie's texts or genres, drawn as for amazon: SIMULATED, nobody typed
it. The sequences of these users then end before their first target.

amazon: SIMULATED broad queries, for the users that are not in broad_query.jsonl.gz, built as those
are: the last item is the target, those before it the history, and the query is one word of the
target's title that 20 to 600 titles have. There the word is drawn by a hash of the item; here by
one of the user and the item. With one word for each item a model can learn the draw by heart (that
this word means this item), which no shop has, and validates far too well.
"""

import argparse
import gzip
import hashlib
import html
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.ratings import Rating, read_ratings
from benchmarks.served import DATASETS

MOST_OF_A_USER = 50
SAYS_NOTHING = "in netflix queue"
FEWEST, MOST = 20, 600  # titles that have the word of a broad query
# No broad query of broad_query.jsonl.gz is one of these, often as they could have been drawn.
NO_QUERY = {
    "all", "and", "for", "from", "just", "more", "not", "only", "out", "over", "the", "with",
    "you", "your",
}  # fmt: skip
Row = dict[str, Any]


def main() -> None:
    """Write the rows that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=("movielens", "amazon"))
    parser.add_argument("--out", type=Path, help="where to; else to the terminal")
    parser.add_argument("--sequences", type=Path, help="movielens: rated movies by user")
    parser.add_argument("--simulated", type=Path, help="movielens: rows of users without a tag")
    given = parser.parse_args()
    folder = DATASETS / {"movielens": "movielens", "amazon": "amazon_games"}[given.data]
    if not folder.is_dir():
        raise SystemExit(f"there is no {folder}: set DATASETS_DIR to the data's folder")
    if given.data == "movielens":
        ratings = read_ratings(folder / "ratings.jsonl.gz")
        write(tag_rows(read(folder / "tags.jsonl.gz"), ratings), given.out)
        simulated = []
        if given.simulated:
            tagging = {tag["user_id"] for tag in read(folder / "tags.jsonl.gz")}
            others = [rating for rating in ratings if rating.user_id not in tagging]
            simulated = list(simulated_rows(others, read(folder / "items.jsonl.gz")))
            write(simulated, given.simulated)
        if given.sequences:
            write(rated_sequences(ratings, simulated), given.sequences)
    else:
        titles = {row["item_id"]: row["title"] for row in read(folder / "items.jsonl.gz")}
        test = {row["user_id"] for row in read(folder / "broad_query.jsonl.gz")}
        taught = (r for r in read(folder / "sequences.jsonl.gz") if r["user_id"] not in test)
        write(broad_rows(taught, titles), given.out)


def tag_rows(tags: Iterable[Mapping[str, Any]], ratings: Iterable[Rating]) -> list[Row]:
    """A row for each tag that can be asked for, in the tags' order."""
    by_user: dict[str, list[Rating]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda each: (each.timestamp, _hash(each.item_id))):
        if rating.action in ("like", "dislike"):
            by_user[rating.user_id].append(rating)
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for tag in tags:
        query, target = " ".join(tag["tag"].split()), tag["item_id"]
        history = [
            {"item_id": each.item_id, "action": each.action, "timestamp": each.timestamp}
            for each in by_user[tag["user_id"]]
            if each.timestamp < tag["timestamp"] and each.item_id != target
        ]
        if query and history and query.casefold() != SAYS_NOTHING:
            row = {"user_id": tag["user_id"], "query": query, "history": history, "target": target}
            found[tag["user_id"]].setdefault(f"{query.casefold()} {target}", row)
    kept = []
    for rows in found.values():
        chosen = set(sorted(rows, key=_hash)[:MOST_OF_A_USER])
        kept += [row for key, row in rows.items() if key in chosen]
    return kept


def simulated_rows(ratings: Iterable[Rating], movies: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Rows whose query is a word of the target's texts, of what users liked last."""
    words = {
        row["item_id"]: dict.fromkeys(
            query_words(" ".join([row["title"], *row.get("genres", ()), row.get("overview", "")]))
        )
        for row in movies
    }
    frequency = Counter(word for of_movie in words.values() for word in of_movie)
    by_user: dict[str, list[Rating]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda each: (each.timestamp, _hash(each.item_id))):
        if rating.action in ("like", "dislike"):
            by_user[rating.user_id].append(rating)
    for user_id, rated in by_user.items():
        liked = [place for place, each in enumerate(rated) if each.action == "like"]
        for place in liked[-max(len(liked) // 5, 1) :][-MOST_OF_A_USER:]:
            target = rated[place].item_id
            query = broad_query(f"{user_id} {target}", words.get(target, ()), frequency)
            history = [
                {"item_id": each.item_id, "action": each.action, "timestamp": each.timestamp}
                for each in rated[:place]
            ]
            if query and history:
                yield {"user_id": user_id, "query": query, "history": history, "target": target}


def rated_sequences(ratings: Iterable[Rating], rows: Iterable[Row] = ()) -> list[Row]:
    """Each user's rated movies in the order of time, those before the user's targets in `rows`."""
    targets: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        targets[row["user_id"]].add(row["target"])
    by_user: dict[str, list[str]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda each: (each.timestamp, _hash(each.item_id))):
        by_user[rating.user_id].append(rating.item_id)
    for user_id, ids in by_user.items():
        first = next((n for n, each in enumerate(ids) if each in targets[user_id]), len(ids))
        del ids[first:]
    return [{"user_id": user_id, "item_ids": ids} for user_id, ids in by_user.items()]


def broad_rows(sequences: Iterable[Mapping[str, Any]], titles: Mapping[str, str]) -> Iterator[Row]:
    """A row for each sequence whose last item's title has a word for a broad query."""
    words = {item_id: dict.fromkeys(query_words(title)) for item_id, title in titles.items()}
    frequency = Counter(word for of_title in words.values() for word in of_title)
    for row in sequences:
        *history, target = row["item_ids"]
        draw = f"{row['user_id']} {target}"
        query = broad_query(draw, words.get(target, ()), frequency)
        if history and query:
            yield {"user_id": row["user_id"], "query": query, "history": history, "target": target}


def broad_query(draw: str, words: Iterable[str], frequency: Mapping[str, int]) -> str:
    """One of the words that neither too few nor too many titles have, by a hash of `draw`; empty
    when there is none.
    """
    fitting = sorted(word for word in words if FEWEST <= frequency[word] <= MOST)
    return fitting[int(_hash(draw), 16) % len(fitting)] if fitting else ""


def query_words(title: str) -> list[str]:
    """The words of a title as broad queries have them: plain letters, 3 signs or more."""
    plain = unicodedata.normalize("NFKD", html.unescape(title)).encode("ascii", "ignore").decode()
    return [word for word in re.findall(r"\b[a-z][a-z0-9]{2,}", plain.lower())
            if word not in NO_QUERY]  # fmt: skip


def read(path: Path) -> Iterator[Row]:
    """The rows of gzip'd JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write(rows: Iterable[Row], path: Path | None) -> None:
    """The rows as JSON lines, to a file or the terminal."""
    with path.open("w", encoding="utf-8") if path else nullcontext(sys.stdout) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
