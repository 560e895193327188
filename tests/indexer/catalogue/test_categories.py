"""Category paths: one or several, with separators inside names."""

import pytest

from indexer.catalogue.categories import category_paths, category_texts, read_categories
from indexer.catalogue.reading_rules import ReadingRules


@pytest.mark.parametrize(
    ("value", "rules", "paths"),
    [
        (None, {}, ()),
        ("Phones > Smart", {}, (("Phones", "Smart"),)),
        ("Phones/Smart", {"category_separator": "/"}, (("Phones", "Smart"),)),
        (["Action", " ", "Crime"], {}, (("Action", "Crime"),)),
        ([["Home", "Chairs"], ["Garden"]], {}, (("Home", "Chairs"), ("Garden",))),
        (["Home > Chairs", "Garden"], {}, (("Home", "Chairs"), ("Garden",))),
        (
            "Home > Chairs, Garden > Chairs",
            {"paths_separator": ", "},
            (("Home", "Chairs"), ("Garden", "Chairs")),
        ),
        (
            "Home > Scarves\\, Shawls, Sale",
            {"paths_separator": ", "},
            (("Home", "Scarves, Shawls"), ("Sale",)),
        ),
        ("Home > Sizes \\> 40", {}, (("Home", "Sizes > 40"),)),
        ("A/B|A/B|C", {"category_separator": "/", "paths_separator": "|"}, (("A", "B"), ("C",))),
    ],
)
def test_paths(value: object, rules: dict[str, str], paths: tuple[tuple[str, ...], ...]) -> None:
    assert read_categories(value, ReadingRules(**rules)) == paths  # type: ignore[arg-type]


def test_texts_hold_every_level_and_give_the_paths_back() -> None:
    paths = (("Phones", "Smart", "5G"), ("Gifts > More",), ("Phones", "Old"))
    texts = category_texts(paths)
    assert texts == [
        "Phones",
        "Phones > Smart",
        "Phones > Smart > 5G",
        "Gifts \\> More",
        "Phones > Old",
    ]
    assert category_paths(texts) == paths
