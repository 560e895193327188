"""What the demo prints of a visit."""

from typing import Any

from live_intent.demo.visit import FOR_A_CHILD, WORKED_EXAMPLE, side_by_side


def hit(item_id: str, title: str, why: str) -> dict[str, Any]:
    return {"item_id": item_id, "source": {"title": title}, "explanation": {"why": why}}


def test_lists_are_printed_side_by_side_with_explanations_and_marks() -> None:
    before = [hit("a", "First", "one"), hit("b", "Second", "two")]
    after = [hit("b", "Second", "three"), hit("c", "Third", "four")]
    lines = side_by_side(before, after, columns=103)
    assert lines[0] == f"{'before the clicks':<50} | after the clicks"
    assert lines[2] == f"{' 1. First':<50} |  1. (up) Second"
    assert lines[3] == f"{'    one':<50} |     three"
    assert lines[4] == f"{' 2. Second':<50} |  2. (new) Third"


def test_long_and_chinese_titles_keep_the_columns_straight() -> None:
    long = hit("a", "手机" * 40, "x" * 90)
    lines = side_by_side([long], [long], columns=103)
    for line in lines[2:4]:
        left, _ = line.split(" | ")
        assert sum(2 if character in "手机" else 1 for character in left) == 50
        assert left.rstrip().endswith("…")


def test_lists_of_different_length() -> None:
    lines = side_by_side([], [hit("a", "Only", "why")], columns=103)
    assert lines[2].strip() == "|  1. (new) Only"


def test_what_the_visitors_like() -> None:
    child = {"category": ["Electronics", "Electronics > Headphones > Kids headphones"]}
    assert FOR_A_CHILD.likes(child)
    assert not FOR_A_CHILD.likes({"category": ["Electronics > Headphones > Studio headphones"]})
    assert WORKED_EXAMPLE.likes({"brand": "小米", "category": ["Phones", "Phones > Smartphones"]})
    assert not WORKED_EXAMPLE.likes({"brand": "小米", "category": ["Phones", "Phones > Cases"]})
