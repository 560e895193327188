"""The query's words marked in titles and descriptions, everything else escaped."""

import html
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems

pytestmark = pytest.mark.node
TITLES = {
    "phones": "Wireless headphones <b>WD40</b> & co",
    "poke": "Pokémon t-shirt, red",
    "tshirt": "tshirt of cotton",
    "xiaomi": "小米手机 红色 16GB",
    "shower": 'Shower head for 1/2" hose',
    "chrome": "Showerhead in chrome",
    "street": "Straße und Café",
    "typo": "Kitchen blendr",
    "blender": "Blender Blinder",
    "script": "<script>alert('hi')</script> speaker",
    "it": "It",
    "vintage": "Radio\u200b set",
}
DESCRIPTIONS = {
    "phones": "<p>Great <b>head</b>phones with a &lt;tag&gt; &amp; more.</p>"
    + "<p>Filler.</p>" * 80
    + "<p>These headphones are wireless, <i>truly</i> wireless.</p>",
    "script": "<script>steal()</script><p>A speaker with 1 < 2 & <img src=x onerror=y> drums</p>",
}  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    rows = [
        {"item_id": i, "title": title, "description": DESCRIPTIONS.get(i, "Long ago. " * 40)}
        for i, title in TITLES.items()
    ]
    with serve_items(rows, item_writes=True) as api:
        yield api


def highlights(api: Api, query: str, **highlight: Any) -> dict[str, Any]:
    """The highlight of each hit, by item id, marked by brackets."""
    wanted = {"pre": "[", "post": "]", **highlight}
    answer = api.search(query, "marks", size=100, highlight=wanted)
    assert answer["degraded"] == []
    return {hit["item_id"]: hit["highlight"] for hit in answer["hits"]}


@pytest.mark.parametrize(
    ("query", "item_id", "title"),
    [
        ("wireless headphone", "phones", "[Wireless] [headphones] <b>WD40</b> & co"),
        ("WIRELESS", "phones", "[Wireless] headphones <b>WD40</b> & co"),
        ("hedphones", "phones", "Wireless [headphones] <b>WD40</b> & co"),
        ("wireles headphones", "phones", "[Wireless] [headphones] <b>WD40</b> & co"),
        ("headph", "phones", "Wireless [headphones] <b>WD40</b> & co"),
        ("wd 40", "phones", "Wireless headphones <b>[WD40]</b> & co"),
        ("wd-40", "phones", "Wireless headphones <b>[WD40]</b> & co"),
        ("pokemon", "poke", "[Pokémon] t-shirt, red"),
        ("POKÉ", "poke", "[Pokémon] t-shirt, red"),
        ("tshirt red", "poke", "Pokémon [t-shirt], [red]"),
        ("t shirt", "tshirt", "[tshirt] of cotton"),
        ("手机", "xiaomi", "小米[手机] 红色 16GB"),
        ("小米 红色", "xiaomi", "[小米]手机 [红色] 16GB"),
        ("showerhead", "shower", '[Shower] [head] for 1/2" hose'),
        ("shower head", "chrome", "[Showerhead] in chrome"),
        ("strasse cafe", "street", "[Straße] und [Café]"),
        ("blender", "blender", "[Blender] Blinder"),
        ("blender", "typo", "Kitchen [blendr]"),
        ("it", "it", "[It]"),
        ("radio", "vintage", "[Radio\u200b] set"),
        ("script speaker", "script", "<[script]>alert('hi')</[script]> [speaker]"),
    ],
)
def test_the_words_of_a_title_that_the_query_found_are_marked(
    api: Api, query: str, item_id: str, title: str
) -> None:
    marked = highlights(api, query)[item_id]["title"]
    assert html.unescape(marked) == title
    assert not {"<", ">"} & set(marked)


def test_fragments_of_a_description_are_text_without_its_markup(api: Api) -> None:
    marked = highlights(api, "wireless headphones", fragments=3, fragment_size=60)["phones"]
    assert marked["description"][0] == "These [headphones] are [wireless], truly [wireless]."
    assert any(
        "Great [headphones] with a &lt;tag&gt; &amp; more." in f for f in marked["description"]
    )
    [fragment] = highlights(api, "drums", fragments=1)["script"]["description"]
    assert "[drums]" in fragment
    assert "steal" not in fragment
    assert not {"<", ">"} & set(fragment)


def test_marks_are_put_in_as_they_are_and_nothing_else_is(api: Api) -> None:
    answer = api.search(
        "headphones script", "marks", highlight={"pre": "<i class='m'>", "post": "</i>"}
    )
    by_id = {hit["item_id"]: hit["highlight"] for hit in answer["hits"]}
    assert by_id["phones"]["title"] == (
        "Wireless <i class='m'>headphones</i> &lt;b&gt;WD40&lt;/b&gt; &amp; co"
    )
    assert by_id["script"]["title"].startswith("&lt;<i class='m'>script</i>&gt;alert(&#x27;hi")
    answer = api.search("headphones", "marks", highlight=True)
    [plain] = [hit["highlight"] for hit in answer["hits"] if hit["item_id"] == "phones"]
    assert "<em>headphones</em>" in plain["title"]
    assert "<em>headphones</em>" in plain["description"][0]


def test_a_hit_by_meaning_alone_has_no_marks(api: Api) -> None:
    answer = api.search("hose", "marks", size=100, highlight={"pre": "[", "post": "]"})
    hits = {hit["item_id"]: hit for hit in answer["hits"]}
    assert "[hose]" in hits["shower"]["highlight"]["title"]
    for hit in hits.values():
        if hit["by_meaning"]:
            assert html.unescape(hit["highlight"]["title"]) == TITLES[hit["item_id"]]


def test_hits_are_marked_whatever_the_order_and_the_fields(api: Api) -> None:
    answer = api.search("wireless", "marks", sort="name", fields=[], highlight=True)
    [hit] = [hit for hit in answer["hits"] if not hit["by_meaning"]]
    assert hit["source"] == {}
    assert hit["highlight"]["title"].startswith("<em>Wireless</em>")
    only = api.search("wireless", "marks", highlight={"fields": ["title"]})
    assert only["hits"][0]["highlight"].keys() == {"title"}
    assert "highlight" not in api.search("wireless", "marks", highlight=False)["hits"][0]


def test_a_recommendation_has_the_same_texts_without_marks(api: Api) -> None:
    body = {"session_id": "none", "size": 50, "highlight": {"fragment_size": 30}}
    hits = api("POST", "/v1/recommend", body).body["hits"]
    by_id = {hit["item_id"]: hit["highlight"] for hit in hits}
    assert by_id["phones"]["title"] == "Wireless headphones &lt;b&gt;WD40&lt;/b&gt; &amp; co"
    assert by_id["phones"]["description"] == ["Great headphones with a &lt;tag&gt;"]
    assert by_id["it"]["description"] == ["Long ago. Long ago. Long ago."]


def test_a_title_that_changed_a_moment_ago_is_not_marked_in_its_old_form(api: Api) -> None:
    assert api("PUT", "/v1/items/new", {"title": "Toaster <i>two</i>"}).status == 201
    for title in ("Toaster three", "Toaster four", "Toaster five"):
        assert api("PATCH", "/v1/items/new", {"title": title}).status == 200
        for hit in api.search("toaster", "marks", highlight=True)["hits"]:
            shown = hit["highlight"]["title"].replace("<em>", "").replace("</em>", "")
            assert shown == html.escape(hit["source"]["title"])
    assert api("DELETE", "/v1/items/new").status == 200


@pytest.mark.parametrize(
    ("highlight", "field"),
    [
        ({"fields": ["brand"]}, "highlight.fields.0"),
        ({"fields": []}, "highlight.fields"),
        ({"pre": "x" * 101}, "highlight.pre"),
        ({"post": 7}, "highlight.post"),
        ({"fragment_size": 19}, "highlight.fragment_size"),
        ({"fragments": 6}, "highlight.fragments"),
        ({"tags": 1}, "highlight.tags"),
        ("yes", "highlight"),
    ],
)
def test_a_wrong_highlight_is_refused(api: Api, highlight: object, field: str) -> None:
    for path, query in (("/v1/search", {"query": "lamp"}), ("/v1/recommend", {})):
        response = api("POST", path, {"session_id": "s", "highlight": highlight, **query})
        assert response.status == 422
        assert response.body["errors"][0]["field"] == field
