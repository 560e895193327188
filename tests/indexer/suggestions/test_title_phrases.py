"""The phrases of titles that are suggested where there is no log."""

import tracemalloc

from indexer.suggestions.title_phrases import HASHES, TitlePhrases


def phrases(*titles: str, stop_words: tuple[str, ...] = ()) -> dict[str, int]:
    found = TitlePhrases()
    for title in titles:
        found.add(title)
    return dict(found.frequent(stop_words))


def test_frequent_words_next_to_each_other_are_phrases() -> None:
    found = phrases("Acme Running Shoes, Red", "Bolt running shoes, blue", "Cube Shoes")
    assert found == {"shoes": 3, "running shoes": 2}


def test_a_phrase_does_not_span_a_comma() -> None:
    assert "lamp red" not in phrases("Desk Lamp, Red", "Table Lamp, Red", "Lamp, Red")


def test_a_part_of_a_longer_phrase_is_none() -> None:
    found = phrases("stainless steel pan", "stainless steel pot", "steel wool")
    assert "stainless" not in found
    assert found["stainless steel"] == 2


def test_no_phrase_ends_with_a_stop_word_or_begins_with_a_number() -> None:
    titles = ("bag for women 12 cm", "bag for women 15 cm", "bag", "women")
    found = phrases(*titles, stop_words=("for",))
    assert "bag for women" in found
    assert not {"bag for", "for women", "12 cm", "for"} & found.keys()


def test_what_is_cut_from_a_longer_phrase_is_none() -> None:
    found = phrases(
        "Halden Audio Vega In-Ear Headphones", "Halden Audio Vega Soundbar",
        "Cast Iron Dutch Oven 3 qt", "Cast Iron Dutch Oven 5 qt",
        "Slim Fit Oxford Shirt", "Slim Fit Oxford Shirt, White",
        "Water Bottle 750 ml", "Water Bottle 750 ml, Blue",
        "Insulated Water Bottle 1/2 l", "Insulated Water Bottle 1/2 l, Red",
    )  # fmt: skip
    assert {"halden audio vega", "cast iron", "dutch oven", "slim fit", "oxford shirt",
            "water bottle", "insulated water bottle"} <= found.keys()  # fmt: skip
    assert not {"audio vega", "cast iron dutch", "fit oxford shirt", "slim fit oxford",
                "bottle 750", "water bottle 750", "water bottle 1"} & found.keys()  # fmt: skip


def test_the_most_frequent_spelling_is_shown() -> None:
    assert phrases("Pokémon cards", "Pokémon cards", "Pokemon cards") == {"pokémon cards": 3}


def test_a_turkish_capital_i_is_one_letter() -> None:
    assert phrases("İstanbul Çay", "İSTANBUL ÇAY") == {"istanbul çay": 2}


def test_cjk_titles_have_phrases_without_spaces() -> None:
    found = phrases("小米手机 红色", "红米手机壳", "华为手机")
    assert found["手机"] == 3
    assert "米手" not in found


def test_phrases_of_one_title_take_no_memory() -> None:
    tracemalloc.start()
    try:
        found = TitlePhrases()
        for number in range(200):
            found.add(" ".join(f"word{number * 20 + n}" for n in range(20)))
            found.add("red phone")
        assert found.frequent() == [("red phone", 200)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < HASHES + 2e6  # 15,000 phrases would take some 8 MB


def test_titles_that_are_added_after_a_count_are_counted_too() -> None:
    found = TitlePhrases()
    for _ in range(2):
        found.add("red phone")
    assert found.frequent() == [("red phone", 2)]
    found.add("red phone")
    assert found.frequent() == [("red phone", 3)]
