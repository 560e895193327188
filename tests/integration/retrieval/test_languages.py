"""A shop in several languages: the request's language is searched, shown, sorted and counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.suggestions.build import build_suggestions
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.rebuilding import index_context
from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node
ITEMS: list[dict[str, Any]] = [
    {
        "item_id": "shoes", "title": "Running shoes for women", "language": "en",
        "description": "Light shoes that run far", "category": "Sports > Shoes", "brand": "Acme",
        "translations": {
            "de": {"title": "Laufschuhe für Damen", "category": "Sport > Schuhe",
                   "description": "Leichte Schuhe, die weit laufen"},
            "zh": {"title": "女士跑步鞋"},
        },
    },
    {
        "item_id": "houses", "title": "Bird houses", "language": "en", "category": "Garden",
        "translations": {"de": {"title": "Vogelhäuser aus Holz", "category": "Garten"}},
    },
    {
        "item_id": "sofa", "title": "Ledersofa in Braun", "language": "de", "category": "Möbel",
        "translations": {"en": {"title": "Brown leather sofa", "category": "Furniture"}},
    },
    {"item_id": "table", "title": "Leder Sofatisch", "language": "de", "category": "Möbel"},
    {"item_id": "phone", "title": "小米智能手机", "language": "zh", "category": "Phones"},
    {"item_id": "lamp", "title": "Desk lamp, black", "brand": "Lumen"},
]  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """English, German and Chinese items, some of them in two languages or three."""
    with serve_items(ITEMS, item_writes=True, swap_poll_s=0.2) as api:
        yield api


def shown(answer: Any) -> dict[str, tuple[str, str | None]]:
    """Title and language of each hit with a word of the query."""
    sources = [hit["source"] for hit in answer["hits"] if not hit["by_meaning"]]
    assert all("translations" not in s and "localized" not in s for s in sources)
    return {s["item_id"]: (s["title"], s.get("language")) for s in sources}


@pytest.mark.parametrize(
    ("language", "query", "item_id", "title"),
    [
        ("de", "Laufschuh", "shoes", "Laufschuhe für Damen"),  # the German stemmer
        ("de", "laufschuhe fuer die dame", "shoes", "Laufschuhe für Damen"),
        ("de", "Vogelhaus", "houses", "Vogelhäuser aus Holz"),
        ("de", "Sofa", "sofa", "Ledersofa in Braun"),  # compounds, also beside another analyzer
        ("de", "Laufschuhhe", "shoes", "Laufschuhe für Damen"),  # misspelt
        ("de", "Lauf schuhe", "shoes", "Laufschuhe für Damen"),
        ("de", "lamps", "lamp", "Desk lamp, black"),  # it has no German text
        ("de", "acme schuhe", "shoes", "Laufschuhe für Damen"),
        ("en", "woman's running shoe", "shoes", "Running shoes for women"),
        ("en", "sofas", "sofa", "Brown leather sofa"),
        ("zh", "跑步", "shoes", "女士跑步鞋"),
        ("zh", "手机", "phone", "小米智能手机"),
        ("zh-Hans-CN", "跑步鞋", "shoes", "女士跑步鞋"),
        ("de_AT", "Laufschuhe", "shoes", "Laufschuhe für Damen"),
    ],
)
def test_words_are_searched_in_the_texts_of_the_language(
    api: Api, language: str, query: str, item_id: str, title: str
) -> None:
    answer = api.search(query, "s", language=language)
    found = shown(answer)
    assert next(iter(found)) == item_id
    assert found[item_id][0] == title
    assert answer["language"] == language[:2]


def test_the_texts_of_another_language_are_not_searched(api: Api) -> None:
    assert "shoes" not in shown(api.search("running", "s", language="de"))
    assert "shoes" not in shown(api.search("Laufschuhe", "s", language="en"))
    assert "shoes" not in shown(api.search("Laufschuhe", "s"))


def test_without_a_language_own_texts_are_searched_and_shown(api: Api) -> None:
    answer = api.search("shoes", "s")
    assert answer["language"] is None
    assert shown(answer)["shoes"] == ("Running shoes for women", "en")


def test_a_hit_says_the_language_of_its_texts(api: Api) -> None:
    body = {"session_id": "s", "language": "de", "size": 50}
    answer = api("POST", "/v1/recommend", body).body
    titles = {hit["item_id"]: hit["source"] for hit in answer["hits"]}
    assert titles["shoes"]["language"] == "de"
    assert titles["shoes"]["category"] == ["Sport", "Sport > Schuhe"]
    assert titles["phone"]["language"] == "zh"  # it has no German text
    assert "language" not in titles["lamp"]
    ranked = api("POST", "/v1/rank", {"session_id": "s", "item_ids": ["shoes"], "query": "Schuhe",
                                      "language": "de"}).body  # fmt: skip
    assert shown(ranked) == {"shoes": ("Laufschuhe für Damen", "de")}


def test_marks_are_in_the_texts_of_the_language(api: Api) -> None:
    marks = {"pre": "[", "post": "]"}
    answer = api.search("laufschuh leicht", "s", language="de", highlight=marks)
    highlight = answer["hits"][0]["highlight"]
    assert highlight["title"] == "[Laufschuhe] für Damen"
    assert highlight["description"] == ["[Leichte] Schuhe, die weit laufen"]
    answer = api.search("lauf schuhe", "s", language="de", highlight=marks)
    assert answer["hits"][0]["highlight"]["title"] == "[Laufschuhe] für Damen"
    answer = api.search("lamps", "s", language="de", highlight=marks)
    assert answer["hits"][0]["highlight"]["title"] == "Desk [lamp], black"


def test_names_are_sorted_in_the_language(api: Api) -> None:
    body = {"session_id": "s", "sort": "name", "size": 50}
    own = item_ids(api("POST", "/v1/recommend", body).body)
    assert own == ["houses", "lamp", "table", "sofa", "shoes", "phone"]
    german = item_ids(api("POST", "/v1/recommend", body | {"language": "de"}).body)
    assert german == ["lamp", "shoes", "table", "sofa", "houses", "phone"]


def test_categories_are_counted_and_filtered_by_their_names_in_the_language(api: Api) -> None:
    body = {"session_id": "s", "facets": ["category"], "size": 0, "language": "de"}

    def values(**fields: Any) -> dict[str, int]:
        answer = api("POST", "/v1/recommend", body | fields).body
        return {one["value"]: one["count"] for one in answer["facets"]["category"]["values"]}

    assert values() == {"Garten": 1, "Möbel": 2, "Phones": 1, "Sport": 1}
    assert values(language="en") == {"Furniture": 1, "Garden": 1, "Möbel": 1, "Phones": 1,
                                     "Sports": 1}  # fmt: skip
    for category in ("Sport > Schuhe", "Sports > Shoes", "sport"):
        filtered = body | {"filters": {"category": category}, "size": 10}
        answer = api("POST", "/v1/recommend", filtered).body
        assert item_ids(answer) == ["shoes"]
    refined = {"category": "Möbel"}
    answer = api("POST", "/v1/recommend", body | {"filters": refined}).body
    chosen = [one for one in answer["facets"]["category"]["values"] if one.get("refined")]
    assert [one["value"] for one in chosen] == ["Möbel"]


def test_corrections_are_words_of_the_language(api: Api) -> None:
    answer = api.search("Laufschhuhe", "s", language="de")
    assert answer["did_you_mean"]["words"] == [{"from": "Laufschhuhe", "to": "laufschuhe"}]
    answer = api.search("Laufschuhe purpurne", "s", language="de")
    assert answer["missing_words"] == ["purpurne"]


def test_of_several_languages_the_first_that_the_index_has_counts(api: Api) -> None:
    answer = api.search("Laufschuhe", "s", language=["fr-CH", "de-CH", "en"])
    assert (answer["language"], item_ids(answer)[0]) == ("de", "shoes")
    answer = api.search("shoes", "s", language=["fr", "it"])
    assert (answer["language"], item_ids(answer)[0]) == (None, "shoes")
    assert api.search("shoes", "s", language=[])["language"] is None


def test_popular_items_in_the_visitors_languages_come_first(api: Api) -> None:
    body: dict[str, Any] = {"session_id": "new", "size": 50, "deadline_ms": 20_000}
    english = {"shoes", "houses", "sofa", "lamp"}  # sofa is translated; of lamp nothing is known
    for language in ("en", ["en-GB", "en"]):
        answer = api("POST", "/v1/recommend", body | {"language": language}).body
        assert answer["total"]["value"] == len(ITEMS)  # the others come after them
        assert set(item_ids(answer)[:4]) == english
        assert set(item_ids(answer)[4:]) == {"phone", "table"}
    chinese = item_ids(api("POST", "/v1/recommend", body | {"language": ["zh-CN"]}).body)
    assert set(chinese[:3]) == {"phone", "shoes", "lamp"}
    asked = body | {"language": "en", "filters": {"language": "zh"}}
    assert item_ids(api("POST", "/v1/recommend", asked).body) == ["phone"]


def test_beside_no_result_the_visitors_languages_come_first(api: Api) -> None:
    answer = api.search("qqxxzz", "new", language=["en"], size=50)
    assert answer["hits"] == []
    instead = [hit["item_id"] for hit in answer["instead"]["hits"]]
    assert set(instead[-2:]) == {"phone", "table"}
    titles = {hit["item_id"]: hit["source"]["title"] for hit in answer["instead"]["hits"]}
    assert titles["sofa"] == "Brown leather sofa"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("fr", "there is no language fr. There are: de, en, zh"),
        ("german", "pattern"),
        (7, "a code such as"),
        (["de", "x"], "pattern"),
        (["de"] * 21, "at most 20"),
    ],
)
def test_an_unknown_language_is_refused(api: Api, language: Any, message: str) -> None:
    body = {"query": "lamp", "session_id": "s", "language": language}
    response = api("POST", "/v1/search", body)
    assert response.status == 422
    assert response.body["errors"][0]["field"].startswith("language")
    assert message in response.body["errors"][0]["message"]


def test_an_instantsearch_query_may_name_languages(api: Api) -> None:
    path, asked = "/1/indexes/items/query", {"query": "laufschuh", "facets": ["category.lvl0"]}
    answer = api("POST", path, asked | {"queryLanguages": ["fr", "de"]}).body
    hit = answer["hits"][0]
    assert (hit["objectID"], hit["title"]) == ("shoes", "Laufschuhe für Damen")
    assert hit["_highlightResult"]["title"]["value"] == "<em>Laufschuhe</em> für Damen"
    assert "Sport" in answer["facets"]["category.lvl0"]
    refined = asked | {"queryLanguages": ["de"], "facetFilters": ["category.lvl0:Sport"]}
    assert [hit["objectID"] for hit in api("POST", path, refined).body["hits"]] == ["shoes"]
    assert api("POST", path, asked | {"queryLanguages": "d"}).status == 400


def test_suggestions_are_in_the_language(
    api: Api, client: OpenSearch, names: IndexNames, cluster_settings: ClusterSettings
) -> None:
    report = build_suggestions(index_context(client, names, cluster_settings.bundles_dir))
    assert report.categories == 5 + 5 + 6 + 5  # own, German, English, Chinese

    def suggested(prefix: str, **fields: Any) -> dict[str, list[str]]:
        body = {"prefix": prefix, "session_id": "typing", "deadline_ms": 20_000, **fields}
        response = api("POST", "/v1/suggest", body)
        assert response.status == 200, response
        found: dict[str, list[str]] = {}
        for one in response.body["suggestions"]:
            path = one["filters"].get("category")
            found.setdefault(one["type"], []).append(path or one["text"])
        return found

    german = suggested("schu", language="de-AT")
    assert german["category"] == ["Sport > Schuhe"]
    assert suggested("schu") == suggested("schu", language="en") == {}
    assert suggested("shoes", language="en")["category"] == ["Sports > Shoes"]
    assert suggested("laufsch", language="de")["item"] == ["Laufschuhe für Damen"]
    assert suggested("brown lea", language="en")["item"] == ["Brown leather sofa"]
    assert suggested("跑步", language=["zh"])["item"] == ["女士跑步鞋"]
    counted = suggested("schu", language="de", filters={"category": "Sport"})
    assert counted["category"] == ["Sport > Schuhe"]
    refused = api("POST", "/v1/suggest", {"prefix": "a", "session_id": "s", "language": "fr"})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "language")


def test_texts_are_changed_by_language(api: Api) -> None:
    item = {"title": "Garden chair", "translations": {"de": {"title": "Gartenstuhl"},
                                                      "fr": {"title": "Chaise"}}}  # fmt: skip
    put = api("PUT", "/v1/items/chair", item)
    assert put.status in (200, 201)
    assert "fr" in str(put.body["notes"])
    patch = {"translations": {"de": {"description": "Stapelbar"}, "fr": None}}
    assert api("PATCH", "/v1/items/chair", patch).status == 200
    answers = (api.search("gartenstühle", "s", language="de") for _ in range(200))
    answer = next(answer for answer in answers if "chair" in shown(answer))
    hit = answer["hits"][0]["source"]
    assert (hit["title"], hit["description"]) == ("Gartenstuhl", "Stapelbar")
    for wrong in ({"de": {"name": "x"}}, {"german": {"title": "x"}}, {"de": "x"}):
        assert api("PATCH", "/v1/items/chair", {"translations": wrong}).status == 422
    assert api("DELETE", "/v1/items/chair").status == 200
