"""Splits by a hash: fixed shares, the same for every spelling of a query."""

from collections import Counter

from learning.data.splits import in_split, split_of


def test_the_shares_are_60_20_20() -> None:
    counts = Counter(split_of(f"query {number}") for number in range(20_000))
    assert abs(counts["train"] / 20_000 - 0.6) < 0.02
    assert abs(counts["validation"] / 20_000 - 0.2) < 0.02
    assert abs(counts["test"] / 20_000 - 0.2) < 0.02


def test_the_split_of_a_query_never_changes() -> None:
    # Literal values: a version that splits differently would train on its own test split.
    splits = [split_of(query) for query in ("angle bracket", "query 3", "query 29", "手机")]
    assert splits == ["train", "test", "validation", "train"]


def test_spellings_that_differ_in_case_or_spaces_are_in_one_split() -> None:
    assert all(
        split_of(f"Query {n}") == split_of(f"  query   {n} ") == split_of(f"QUERY {n}")
        for n in range(200)
    )


def test_every_key_is_in_all_and_in_one_of_the_three() -> None:
    for number in range(50):
        key = str(number)
        assert in_split(key, "all")
        assert sum(in_split(key, split) for split in ("train", "validation", "test")) == 1
