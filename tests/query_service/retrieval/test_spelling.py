"""One spelling for titles and queries: whichever way a query is written, the words leg finds it."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.items import items_of_file
from indexer.catalogue.words.compounds import CompoundWords
from plugin_config.analysis.languages import LANGUAGES
from plugin_config.analysis.text_analysis import TextAnalysis
from plugin_config.schema import IndexNames
from tests.query_service.retrieval.spelling_index import TitleIndex, titles

pytestmark = pytest.mark.node
ANALYZERS = ("english", "cjk", "standard", "german")
# A title, and ways to write a query that finds it first.
TITLES = {
    "Multi-Use Lubricant WD-40": ("wd-40 lubricant", "wd40 lubricant", "wd 40 lubricant"),
    "Multi-Use Lubricant WD-50": ("wd-50", "wd50", "wd 50"),
    "Graphics Card RTX4060": ("rtx4060", "rtx 4060", "rtx-4060"),
    "Graphics Card RTX4070": ("rtx4070", "rtx 4070", "RTX-4070"),
    "Cotton T-Shirt White": ("t-shirt white", "tshirt white", "t shirt white", "T‑Shirt white"),
    "Cotton Sweatshirt White": ("sweatshirt", "sweat shirt", "sweat-shirt"),
    "Spot Lamp GU10": ("gu10", "gu 10", "GU-10"),
    "Spot Lamp GU5": ("gu5", "gu 5"),
    "Vitamin Syrup 500ml": ("syrup 500ml", "syrup 500 ml"),
    "Vitamin Syrup 250 ml": ("syrup 250ml", "syrup 250 ml"),
    "Kettle 1,5 l": ("kettle 1,5 l", "kettle 1.5l", "kettle 1,5l", "kettle 1.5 l"),
    "Kettle 2 l": ("kettle 2l", "kettle 2 l"),
    "Memory Stick 512gb": ("stick 512gb", "stick 512 GB"),
    "Ladder 6 ft": ("ladder 6 ft", "ladder 6ft"),
    "Power Bank 10,000 mAh": ("power bank 10000mah", "power bank 10,000 mAh"),
    "Power Bank 20000mAh": ("power bank 20,000mah", "power bank 20000 mah"),
    "Café Crème Cups": ("café crème", "cafe creme", "CAFE\u0301 CRE\u0300ME"),
    "Stadtplan Straße": ("straße", "strasse", "STRASSE"),
    "Jalape\u0148o Ma\u0142a": ("jalapeno mala", "jalape\u0148o ma\u0142a"),
    "Vie\u0302\u0323t Lantern": ("việt", "viet", unicodedata.normalize("NFD", "việt")),
    "ＡＢＣ Ｓｔｏｒｅ": ("abc store", "ＡＢＣ ｓｔｏｒｅ"),
    "ガッツ Poster": ("ガッツ", "ｶﾞｯﾂ", unicodedata.normalize("NFD", "ガッツ")),
    "Head\u00adphones Zero\u200bwidth": ("headphones zerowidth", "head\u00adphones"),
    "كِتَاب العربية": ("كتاب", "كِتَاب"),
    "שָׁלוֹם Mug": ("שלום", "שָׁלוֹם"),
    "Ёлка мой": ("елка", "ёлка", unicodedata.normalize("NFD", "ёлка мой")),
    "हिन्दी किताब": ("हिन्दी", "किताब"),
    "L\u2019Oréal Shampoo": ("l'oréal", "l\u2019oreal", "loreal"),
    "Shelf Board 50×70": ("board 50x70", "board 50 x 70", "board 50×70"),
    "Juice Orange 1½ l": ("orange 1.5 l", "orange 1,5l", "orange 1 1/2 l", "orange 1,50 l"),
    "Juice Apple 1,5 l": ("apple 1½ l", "apple 1.5l", "apple 1½l"),
    "Juice Cherry 2.50l": ("cherry 2,5 l", "cherry 2½ l"),
    "Juice Cherry 2 l": ("cherry 2l", "cherry 2,0 l", "cherry 2.00 l"),
    "Juice Cherry 250 ml": ("cherry 250㎖", "cherry 250ml"),
    "Pipe 3/4 in": ("pipe ¾ in", "pipe 3⁄4 in", "pipe 3/4 in"),
    "Pipe 3/8 in": ("pipe ⅜ in", "pipe 3/8in"),
    "Lens .75": ("lens 0.75", "lens 0,75", "lens .75", "lens 0·75"),
    "Puzzle 1'000": ("puzzle 1000", "puzzle 1’000", "puzzle 1,000"),
    "Rain\u202fCoat": ("rain coat", "rain\u202fcoat", "rain\u00a0coat"),
    "Levi´s Jeans": ("levi's jeans", "levi`s jeans", "levis jeans", "levi′s jeans"),
    "Galaxy S21+ Case": ("galaxy s21+ case", "s21 plus case", "s21plus case"),
    "Book C++": ("book c++", "book C++"),
    "Book C#": ("book c#", "book C♯"),
    "Final Fantasy Ⅶ": ("fantasy vii", "fantasy VII", "fantasy ⅶ"),
    "ﻗﻠﻢ Pen": ("قلم", "ﻗﻠﻢ"),
    "کتاب یک": ("كتاب يك", "کتاب یک"),
    'חולצה צה"ל': ("צה״ל", "צהל", 'צה"ל'),
    "नीला क़लम": ("नीला कलम", "नीला क़लम", unicodedata.normalize("NFD", "नीला क़लम")),
    "घंटी पुस्तक": ("घन्टी पुस्तक", "घंटी पुस्तक"),
    "น้ำ Bottle": ("น้ำ", "นํ้า", "น้ํา"),
    "😀 Emoji Pillow": ("emoji pillow", "😀"),
}  # fmt: skip


@pytest.fixture(scope="module", params=ANALYZERS)
def index(request: pytest.FixtureRequest, client: OpenSearch, names: IndexNames) -> TitleIndex:
    """The titles above, by each analyzer in turn."""
    name = f"{names.prefix}items-{request.param}"
    return TitleIndex(client, name).create(titles(*TITLES), request.param)


@pytest.mark.parametrize("title", TITLES)
def test_every_spelling_of_a_query_finds_the_title_first(index: TitleIndex, title: str) -> None:
    for query in TITLES[title]:
        assert index.found(query)[:1] == [title], query


def test_a_query_of_stop_words_finds_its_title(client: OpenSearch, names: IndexNames) -> None:
    texts = ("It", "The The", "Not This That", "The Lamp", "It Lamp")
    for analyzer in ("english", "german", "cjk"):
        name = f"{names.prefix}items-stop-{analyzer}"
        found = TitleIndex(client, name).create(titles(*texts), analyzer).found
        assert found("It")[0] == "It"
        assert found("the the")[0] == "The The"
        assert found("the lamp")[:1] == ["The Lamp"]


def test_thousands_are_no_decimals(client: OpenSearch, names: IndexNames) -> None:
    name = f"{names.prefix}items-numbers"
    index = TitleIndex(client, name).create(titles("Puzzle 1,299", "Puzzle 1.299", "Puzzle 1,2,3"))
    assert index.found("1299")[0] == "Puzzle 1,299"
    assert index.found("1.299")[0] == "Puzzle 1.299"
    assert index.found("1,2,3")[0] == "Puzzle 1,2,3"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_folds_accents_and_splits_letters_from_digits(
    client: OpenSearch, names: IndexNames, language: str
) -> None:
    name = f"{names.prefix}items-language-{language}"
    index = TitleIndex(client, name).create(titles("Éclair WD-40", "Brioche WD-50"), language)
    for query in ("éclair", "eclair", "wd40", "wd-40", "ECLAIR wd 40"):
        assert index.found(query)[:1] == ["Éclair WD-40"], query


def test_a_german_title_is_found_with_umlauts_or_without(
    client: OpenSearch, names: IndexNames
) -> None:
    name = f"{names.prefix}items-umlauts"
    index = TitleIndex(client, name).create(titles("Jäger Hüte", "Fön Tasche"), "german")
    for query in ("jäger", "jaeger", "jager", "hut", "ja\u0308ger"):
        assert index.found(query) == ["Jäger Hüte"], query


@pytest.mark.parametrize("language", ["danish", "norwegian"])
def test_scandinavian_letters_are_found_as_two_letters(
    client: OpenSearch, names: IndexNames, language: str
) -> None:
    name = f"{names.prefix}items-letters-{language}"
    index = TitleIndex(client, name).create(titles("Rødgrød Skål", "Gaaseleg Blå"), language)
    for query in ("rødgrød", "rodgrod", "roedgroed", "skål", "skaal", "skal"):
        assert index.found(query) == ["Rødgrød Skål"], query
    assert index.found("gåseleg")[:1] == ["Gaaseleg Blå"]


def test_a_hyphenated_word_finds_the_title_that_writes_it_as_one(
    client: OpenSearch, names: IndexNames
) -> None:
    texts = ("Crossbody Bag", "Bag Body", "Email Box", "Letter Mail", "Usbc Hub", "Usb Hub C")
    index = TitleIndex(client, f"{names.prefix}items-hyphens").create(titles(*texts))
    for query, title in (("cross-body bag", "Crossbody Bag"), ("e‑mail box", "Email Box")):
        assert index.found(query)[0] == title


def test_german_compounds_meet_the_words_that_they_consist_of(
    client: OpenSearch, names: IndexNames
) -> None:
    texts = ("Ledersofa braun", "Küchentisch Eiche", "Tischlampe", "Sofa grau", "Leder Tasche",
             "Tisch rund", "Lampe für die Küche", "Schrank weiß")  # fmt: skip
    parts = CompoundWords(texts).parts
    name = f"{names.prefix}items-compounds"
    index = TitleIndex(client, name).create(titles(*texts), "german", parts)
    assert set(index.found("tisch")) == {"Küchentisch Eiche", "Tischlampe", "Tisch rund"}
    assert set(index.found("lampen")) == {"Tischlampe", "Lampe für die Küche"}
    for query in ("ledersofa", "Leder Sofa", "leder-sofa"):
        assert index.found(query)[0] == "Ledersofa braun"
        assert "Sofa grau" in index.found(query)
    assert "Küchentisch Eiche" in index.found("kuechentische")[:1]
    assert index.found("schrank") == ["Schrank weiß"]


def test_an_analyzer_that_is_no_language_is_used_as_it_is(
    client: OpenSearch, names: IndexNames
) -> None:
    assert TextAnalysis("whitespace").words == "whitespace"
    name = f"{names.prefix}items-whitespace"
    index = TitleIndex(client, name).create(titles("WD-40 Oil"), "whitespace")
    assert index.found("WD-40") == index.found("wd40") == ["WD-40 Oil"]


def test_a_highlight_marks_the_words_as_the_title_writes_them(
    client: OpenSearch, names: IndexNames
) -> None:
    name = f"{names.prefix}items-highlight"
    index = TitleIndex(client, name).create(titles("Café\u200b Filter WD40 und ＡＢＣ 1,5l"))
    marked = {}
    for query in ("cafe", "filter", "wd", "40", "abc", "1.5"):
        body = {"query": {"match": {"title": query}}, "highlight": {"fields": {"title": {}}}}
        [hit] = client.search(index=index.name, body=body)["hits"]["hits"]
        marked[query] = hit["highlight"]["title"][0].split("<em>")[1].split("</em>")[0]
    assert {query: text.strip("\u200b") for query, text in marked.items()} == {
        "cafe": "Café", "filter": "Filter", "wd": "WD", "40": "40", "abc": "ＡＢＣ", "1.5": "1,5",
    }  # fmt: skip


@pytest.mark.parametrize("analyzer", ANALYZERS)
def test_the_shared_probes_are_found_alike_both_ways(
    client: OpenSearch, names: IndexNames, dataset: Callable[[str], Path], analyzer: str
) -> None:
    items = items_of_file(dataset("real_input/spelling_items.jsonl"))
    probes = json.loads(dataset("real_input/spelling_probes.json").read_text("utf-8"))
    index = TitleIndex(client, f"{names.prefix}items-probes-{analyzer}").create(items, analyzer)
    for kind, item_id, as_written, otherwise in probes:
        places = [index.found(query).index(item_id) for query in (as_written, otherwise)]
        assert places[0] == places[1] <= 1, (kind, as_written, otherwise)
