from collections import Counter

from learning.data.splits import in_split, split_of


def test_the_shares_are_60_20_20() -> None:
    counts = Counter(split_of(f"query {number}") for number in range(20_000))
    assert abs(counts["train"] / 20_000 - 0.6) < 0.02
    assert abs(counts["validation"] / 20_000 - 0.2) < 0.02
    assert abs(counts["test"] / 20_000 - 0.2) < 0.02


def test_a_query_stays_where_it_is() -> None:
    # Written down: another version that splits differently would train on its own test.
    found = [split_of(query) for query in ("angle bracket", "query 3", "query 29", "手机")]
    assert found == ["train", "test", "validation", "train"]


def test_spellings_that_differ_in_case_or_spaces_stand_together() -> None:
    assert all(
        split_of(f"Query {n}") == split_of(f"  query   {n} ") == split_of(f"QUERY {n}")
        for n in range(200)
    )


def test_everything_is_in_all_and_in_one_of_the_three() -> None:
    for number in range(50):
        key = str(number)
        assert in_split(key, "all")
        assert sum(in_split(key, split) for split in ("train", "validation", "test")) == 1
