"""Titles that say the same in several spellings: any query finds all of them, before all others."""

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.words.terms import terms
from plugin_config.schema import IndexNames
from tests.query_service.retrieval.spelling_index import TitleIndex, titles

pytestmark = pytest.mark.node
ANALYZERS = ("english", "cjk", "german", "french")
# Titles that are equal, queries for them, and titles that are other things.
EQUAL: dict[str, tuple[list[str], list[str], list[str]]] = {
    "half an inch": (
        ["Bit 0.5 in", "Bit 1/2 in", "Bit 1/2 inch", "Bit ½ in", 'Bit 1/2"', "Bit .5 in",
         "Bit 1/2-Inch", 'Bit 0.50"', "Bit 1/2 in."],
        ["bit 0.5 in", "bit 1/2 in", "bit 1/2 inch", "bit ½ in", 'bit 1/2"', "bit .5 in",
         "bit 1/2in", "bit 0.50 inch", 'bit ½"'],
        ["Bit 2 in", "Bit 5 in", "Bit 1 in", "Bit 1/4 in", "Bit 3/2 in", "Bit 0.25 in"],
    ),
    "one inch and a half": (
        ["Screw 1-1/2 in", "Screw 1 1/2 in", "Screw 1.5 in", "Screw 1½ in", 'Screw 1.5"'],
        ["screw 1-1/2 in", "screw 1 1/2 inch", "screw 1.5 in", 'screw 1½"', "screw 1.50 in"],
        ["Screw 1/2 in", "Screw 2-1/2 in", "Screw 1 in", "Screw 1-1/4 in"],
    ),
    "eighths": (
        ["Hose 5/8 in", "Hose 0.625 in", "Hose ⅝ in"],
        ["hose 5/8 in", "hose .625 in", 'hose 5/8"'],
        ["Hose 3/8 in", "Hose 5 in", "Hose 8 in"],
    ),
    "inches in German": (
        ["Monitor 27 Zoll", 'Monitor 27"', "Monitor 27-Zoll", "Monitor 27 inch", "Monitor 27”"],
        ["monitor 27 zoll", 'monitor 27"', "monitor 27zoll", "27-zoll-monitor", "monitor 27 in"],
        ["Monitor 24 Zoll", "Monitor 2.7"],
    ),
    "inches in French": (
        ["Écran 15,6 pouces", 'Écran 15.6"', "Écran 15,6 inch"],
        ["écran 15,6 pouces", 'ecran 15.6"'],
        ["Écran 15 pouces", "Écran 14 pouces"],
    ),
    "inches in Russian": (
        ["Экран 27 дюймов", 'Экран 27"'], ["экран 27 дюймов", 'экран 27"'], ["Экран 24 дюйма"],
    ),
    "inches in Japanese": (
        ["モニタ 27インチ", 'モニタ 27"'],
        ["モニタ 27インチ", "モニタ 27 インチ"],
        ["モニタ 24インチ"],
    ),
    "thousands": (
        ["Jug 1 000 ml", "Jug 1,000 ml", "Jug 1000ml", "Jug 1.000 ml", "Jug 1\u202f000 ml",
         "Jug 1'000 ml"],
        ["jug 1 000 ml", "jug 1,000 ml", "jug 1000ml", "jug 1.000 ml", "jug 1\u00a0000 ml"],
        ["Jug 1 ml", "Jug 000 ml", "Jug 100 ml", "Jug 2,000 ml"],
    ),
    "ten thousand": (
        ["Bank 10 000 mAh", "Bank 10,000mAh", "Bank 10000 mAh", "Bank 10.000 mAh"],
        ["bank 10 000 mah", "bank 10,000 mah", "bank 10000mah", "bank 10.000 mah"],
        ["Bank 20 000 mAh", "Bank 10 mAh", "Bank 5000 mAh"],
    ),
    "two numbers": (
        ["Phone 12 128 GB"],
        ["phone 12 128gb", "phone 12 128 GB"],
        ["Phone 12128", "Phone 12 64 GB"],
    ),
    "elided articles": (
        ["Flacon de l'huile", "Flacon de l’huile", "Flacon huile"],
        ["huile", "l'huile", "l’huile", "flacon d'huile"],
        ["Flacon de vin"],
    ),
    "elided prepositions": (
        ["Verre d'eau", "Verre d’eau"], ["verre d'eau", "verre d’eau", "verre eau"], ["Verre vin"],
    ),
    "elided in Italian": (
        ["Succo dell'uva", "Succo dell’uva"], ["succo uva", "succo dell’uva"], ["Succo pera"],
    ),
    "a name with an apostrophe": (
        ["L'Oréal Crème", "L’Oréal Crème"],
        ["loreal", "l'oréal", "oréal", "l’oreal creme"],
        ["Crème Nivea"],
    ),
    "zeros behind the point": (
        ["Filter 2.0", "Filter 2", "Filter 2.00"],
        ["filter 2", "filter 2.0"],
        ["Filter 20", "Filter 2.5", "Filter 3.0"],
    ),
    "versions": (
        ["Speaker Bluetooth 5.0", "Speaker Bluetooth 5"],
        ["bluetooth 5", "bluetooth 5.0", "bluetooth5.0"],
        ["Speaker Bluetooth 5.3", "Speaker Bluetooth 4.0", "Speaker Bluetooth 50"],
    ),
    "no decimals": (
        ["Firmware v1.10"], ["firmware v1.10"], ["Firmware v1.1", "Firmware v1.100", "Firmware v1"],
    ),
    "addresses": (
        ["Router 10.0.0.1"], ["router 10.0.0.1"], ["Router 10.0.0.2", "Router 10"],
    ),
    "long vowels": (
        ["サーバー 用ラック", "サーバ 用ラック"], ["サーバ", "サーバー", "ｻｰﾊﾞｰ"], ["サーモス 水筒"],
    ),
    "long vowels of long words": (
        ["コンピューター デスク", "コンピュータ デスク"],
        ["コンピュータ", "コンピューター", "ｺﾝﾋﾟｭｰﾀｰ"],
        ["コンパクト デスク"],
    ),
    "long vowels that tell words apart": (
        ["コピー 用紙"], ["コピー", "ｺﾋﾟｰ"], ["コピ ルアク"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=ANALYZERS)
def index(request: pytest.FixtureRequest, client: OpenSearch, names: IndexNames) -> TitleIndex:
    """All titles above, by each analyzer in turn."""
    texts = [text for equal, _, others in EQUAL.values() for text in (*equal, *others)]
    name = f"{names.prefix}items-equal-{request.param}"
    return TitleIndex(client, name).create(titles(*texts), request.param)


@pytest.mark.parametrize("kind", EQUAL)
def test_equal_spellings_are_found_before_all_others(index: TitleIndex, kind: str) -> None:
    equal, queries, _ = EQUAL[kind]
    for query in queries:
        assert set(index.found(query)[: len(equal)]) == set(equal), query


@pytest.mark.parametrize("kind", EQUAL)
def test_equal_spellings_have_equal_terms(kind: str) -> None:
    equal, *_ = EQUAL[kind]
    unlike = {"de"}  # a word of its own in one of the titles
    assert len({tuple(t for t in terms(title) if t not in unlike) for title in equal}) == 1


def test_a_hyphenated_word_is_one_word_however_rare_its_parts_are(
    client: OpenSearch, names: IndexNames
) -> None:
    colours = ("red", "blue", "green", "black", "white", "tan", "brown", "grey", "pink", "navy")
    bags = [f"Leather Crossbody Bag {colour}" for colour in colours]
    holders = [f"Tooth-brush Holder {colour}" for colour in colours]
    others = ("Body Bag", "Disaster Body Bag Black", "Brush Holder", "Tooth Paste")
    index = TitleIndex(client, f"{names.prefix}items-parts")
    index.create(titles(*bags, *holders, *others))
    for query, found in (
        ("cross-body bag", bags),
        ("crossbody bag", bags),
        ("tooth-brush holder", holders),
        ("toothbrush holder", holders),
    ):
        assert set(index.found(query)[:10]) == set(found), query
    assert index.found("cross-body bag black")[0] == "Leather Crossbody Bag black"
