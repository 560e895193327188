"""Rows for `live-intent evaluate personalised-search`, made of public data.

    python -m benchmarks.relevance.rows movielens [--out ROWS.jsonl] [--sequences SEQUENCES.jsonl]
        [--simulated ROWS.jsonl]
    python -m benchmarks.relevance.rows amazon [--out ROWS.jsonl]

movielens: a tag is the query, the movie that the user gave it to is the target, and the user's
earlier ratings are the history: 4.0 or more is a like, 2.0 or less a dislike. At most 50 rows per
user, chosen by a hash, because one user gave a third of all tags. Left out: the tag "in netflix
queue", which says nothing of a movie, and tags without an earlier rating. --sequences also writes
each user's rated movies, oldest first, for --popularity-from. --simulated also writes rows for
training, of users without a tag: the targets are the last 20 % of the movies that a user liked, and
the query is one word of the movie's texts or genres, drawn as for amazon. SIMULATED: nobody typed
these queries. The sequences of these users then end before their first target.

amazon: SIMULATED broad queries for the users that are not in broad_query.jsonl.gz, made like those
in the file: the last item is the target, the items before it are the history, and the query is one
word of the target's title that 20 to 600 titles have. In the file a hash of the item draws the
word; here a hash of user and item does. With one word per item a model can memorise the draw (this
word means this item), which no shop has, and its validation is far too optimistic.
"""

import argparse
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

from benchmarks.datasets import DATASETS, existing, read
from benchmarks.relevance.ratings import Rating, by_user, digest, read_ratings

MOST_ROWS = 50  # of a user
UNINFORMATIVE_TAG = "in netflix queue"
FEWEST, MOST = 20, 600  # titles that have the word of a broad query
# No broad query of broad_query.jsonl.gz is one of these, though they are frequent enough.
STOP_WORDS = {
    "all", "and", "for", "from", "just", "more", "not", "only", "out", "over", "the", "with",
    "you", "your",
}  # fmt: skip
QueryRow = dict[str, Any]  # user_id, query, history, target


def main() -> None:
    """Write the rows that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=("movielens", "amazon"))
    parser.add_argument("--out", type=Path, help="where to; else to the terminal")
    parser.add_argument("--sequences", type=Path, help="movielens: rated movies by user")
    parser.add_argument("--simulated", type=Path, help="movielens: rows of users without a tag")
    options = parser.parse_args()
    names = {"movielens": "movielens", "amazon": "amazon_games"}
    folder = existing(DATASETS / names[options.data])
    if options.data == "movielens":
        ratings = read_ratings(folder / "ratings.jsonl.gz")
        tags = list(read(folder / "tags.jsonl.gz"))
        write(tag_rows(tags, ratings), options.out)
        simulated = []
        if options.simulated:
            tagging = {tag["user_id"] for tag in tags}
            others = [rating for rating in ratings if rating.user_id not in tagging]
            simulated = list(simulated_rows(others, read(folder / "items.jsonl.gz")))
            write(simulated, options.simulated)
        if options.sequences:
            write(rated_sequences(ratings, simulated), options.sequences)
    else:
        titles = {row["item_id"]: row["title"] for row in read(folder / "items.jsonl.gz")}
        test = {row["user_id"] for row in read(folder / "broad_query.jsonl.gz")}
        training = (r for r in read(folder / "sequences.jsonl.gz") if r["user_id"] not in test)
        write(broad_rows(training, titles), options.out)


def tag_rows(tags: Iterable[Mapping[str, Any]], ratings: Iterable[Rating]) -> list[QueryRow]:
    """Return a row for each usable tag, in the tags' order."""
    opinions = _opinions(ratings)
    rows_by_user: dict[str, dict[str, QueryRow]] = defaultdict(dict)
    for tag in tags:
        query, target = " ".join(tag["tag"].split()), tag["item_id"]
        history = [
            each.event
            for each in opinions.get(tag["user_id"], ())
            if each.timestamp < tag["timestamp"] and each.item_id != target
        ]
        if query and history and query.casefold() != UNINFORMATIVE_TAG:
            row = {"user_id": tag["user_id"], "query": query, "history": history, "target": target}
            rows_by_user[tag["user_id"]].setdefault(f"{query.casefold()} {target}", row)
    result = []
    for rows in rows_by_user.values():
        chosen = set(sorted(rows, key=digest)[:MOST_ROWS])
        result += [row for key, row in rows.items() if key in chosen]
    return result


def simulated_rows(
    ratings: Iterable[Rating], movies: Iterable[Mapping[str, Any]]
) -> Iterator[QueryRow]:
    """Yield rows whose target a user liked late, and whose query is a word of its texts."""
    texts = {
        row["item_id"]: " ".join([row["title"], *row.get("genres", ()), row.get("overview", "")])
        for row in movies
    }
    words, frequency = _words(texts)
    for user_id, rated in _opinions(ratings).items():
        liked = [n for n, each in enumerate(rated) if each.action == "like"]
        for n in liked[-max(len(liked) // 5, 1) :][-MOST_ROWS:]:
            target = rated[n].item_id
            query = broad_query(f"{user_id} {target}", words.get(target, ()), frequency)
            history = [each.event for each in rated[:n]]
            if query and history:
                yield {"user_id": user_id, "query": query, "history": history, "target": target}


def rated_sequences(ratings: Iterable[Rating], rows: Iterable[QueryRow] = ()) -> list[QueryRow]:
    """Return each user's rated movies, oldest first, up to the user's first target in `rows`."""
    targets: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        targets[row["user_id"]].add(row["target"])
    sequences = []
    for user_id, rated in by_user(ratings).items():
        ids = [each.item_id for each in rated]
        end = next((n for n, item_id in enumerate(ids) if item_id in targets[user_id]), len(ids))
        sequences.append({"user_id": user_id, "item_ids": ids[:end]})
    return sequences


def broad_rows(
    sequences: Iterable[Mapping[str, Any]], titles: Mapping[str, str]
) -> Iterator[QueryRow]:
    """Yield a row for each sequence whose last item's title has a word for a broad query."""
    words, frequency = _words(titles)
    for row in sequences:
        *history, target = row["item_ids"]
        query = broad_query(f"{row['user_id']} {target}", words.get(target, ()), frequency)
        if history and query:
            yield {"user_id": row["user_id"], "query": query, "history": history, "target": target}


def broad_query(key: str, words: Iterable[str], frequency: Mapping[str, int]) -> str:
    """Draw a word that FEWEST to MOST titles have, by a hash of `key`; empty when there is none."""
    fitting = sorted(word for word in words if FEWEST <= frequency[word] <= MOST)
    return fitting[int(digest(key), 16) % len(fitting)] if fitting else ""


def query_words(title: str) -> list[str]:
    """Return the words of a title that a broad query can be: ASCII, 3 characters or more."""
    plain = unicodedata.normalize("NFKD", html.unescape(title)).encode("ascii", "ignore").decode()
    words = re.findall(r"\b[a-z][a-z0-9]{2,}", plain.lower())
    return [word for word in words if word not in STOP_WORDS]


def write(rows: Iterable[QueryRow], path: Path | None) -> None:
    """Write the rows as JSON lines, to a file or the terminal."""
    with path.open("w", encoding="utf-8") if path else nullcontext(sys.stdout) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _opinions(ratings: Iterable[Rating]) -> dict[str, list[Rating]]:
    """Return each user's likes and dislikes, oldest first."""
    return by_user(rating for rating in ratings if rating.action in ("like", "dislike"))


def _words(texts: Mapping[str, str]) -> tuple[dict[str, dict[str, None]], Counter[str]]:
    """Return the distinct words of each item's text, and in how many texts each word is."""
    words = {item_id: dict.fromkeys(query_words(text)) for item_id, text in texts.items()}
    return words, Counter(word for of_item in words.values() for word in of_item)


if __name__ == "__main__":
    main()
