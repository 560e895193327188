"""Suggestions on a real node: built from log and catalogue, answered, removed, erased."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.items import Item
from indexer.encoder.encoder import Encoder
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.generations import AliasTaken, NoItemsIndex
from indexer.settings import IndexSettings
from indexer.suggestions.build import SuggestionsReport, build_suggestions
from plugin_config.ownership import ForeignIndex
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.command_line import invoke
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node
LOGGED = "coffee machine red"
# What each of several sessions types: the query, and how many sessions.
TYPED = {
    LOGGED: 3,
    "Café machine": 1, "cafe Machine": 1, "CAFE MACHINE": 1,  # one query in three spellings
    "coffee for one": 2,  # by too few
    "coffee xylophone": 3,  # no item has all its words
    "coffee jane@example.com": 3, "coffee 0170 1234567": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def context(client: OpenSearch, names: IndexNames, shop: ClusterSettings) -> IndexContext:
    return index_context(client, names, shop.bundles_dir, suggest_min_sessions=3)


@pytest.fixture(scope="module")
def api(
    client: OpenSearch, names: IndexNames, shop: ClusterSettings, encoder: Encoder
) -> Iterator[Api]:
    batching = BatchingEncoder(encoder)
    settings = load(ServiceSettings, default_deadline_ms=20_000, swap_poll_s=0.2)
    with serving(create_app(settings, shop, batching)) as api:
        write_log(client, names, TYPED)
        yield api
    batching.close()


@pytest.fixture(scope="module")
def built(api: Api, context: IndexContext) -> SuggestionsReport:
    """The suggestions of the shop and of what was TYPED; one item more is called Café Machine."""
    item = {
        "item_id": "cafe",
        "title": "Pokémon Café Machine 小米手机",
        "brand": "Über",
        "price": 9,
    }
    write_item(context, item)
    return build_suggestions(context)


def write_item(context: IndexContext, item: dict[str, Any]) -> None:
    """Put an item into the live index without a vector: suggestions read none."""
    document = to_document(Item(**item), None, AttributeSchema())
    client, index = context.client, context.names.items
    client.index(index=index, id=item["item_id"], body=document, refresh=True)


def write_log(client: OpenSearch, names: IndexNames, typed: dict[str, int]) -> None:
    """Write rows of `ubi_queries`: each text by so many sessions of its own."""
    for text, sessions in typed.items():
        for number in range(sessions):
            row = {"session_id": f"{quote(text)}-{number}", "user_query": text, "timestamp": now()}
            client.index(index=names.ubi_queries, body=row)
    client.indices.refresh(index=names.ubi_queries)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def suggest(api: Api, prefix: str, session_id: str = "nobody", **fields: object) -> Any:
    response = api("POST", "/v1/suggest", {"prefix": prefix, "session_id": session_id, **fields})
    assert response.status == 200, response
    return response.body


def texts(answer: Any, *types: str) -> list[str]:
    return [s["text"] for s in answer["suggestions"] if not types or s["type"] in types]


def test_queries_of_enough_sessions_are_suggested(api: Api, built: SuggestionsReport) -> None:
    answer = suggest(api, "coffee")
    assert texts(answer, "query")[0] == LOGGED
    assert (built.from_log, built.personal, built.without_items) == (2, 2, 1)
    assert built.too_few_visitors == 1
    assert not [t for t in texts(answer) if "one" in t or "@" in t or "0170" in t or "xyl" in t]
    assert answer["degraded"] == []


def test_spellings_of_a_query_count_together(api: Api, built: SuggestionsReport) -> None:
    assert len(texts(suggest(api, "cafe ma"), "query")) == 1


def test_every_type_is_suggested_with_what_it_leads_to(api: Api, built: SuggestionsReport) -> None:
    answer = suggest(api, "co", size=50)
    category = next(s for s in answer["suggestions"] if s["type"] == "category")
    assert category == {
        "type": "category", "text": "coffee machine", "count": 12, "own": False,
        "highlighted": "<em>co</em>ffee machine", "corrected": False,
        "filters": {"category": "All > coffee machine"},
    }  # fmt: skip
    item = next(s for s in answer["suggestions"] if s["type"] == "item")
    assert item["source"]["title"] == item["text"]
    assert {"brand", "price", "available"} <= item["source"].keys()
    [brand] = [s for s in suggest(api, "bol")["suggestions"] if s["type"] == "brand"]
    assert (brand["text"], brand["filters"], brand["count"]) == ("Bolt", {"brand": "Bolt"}, 20)
    for suggestion in answer["suggestions"]:
        if suggestion["type"] in ("query", "category"):
            found = api.search(suggestion["text"], "x", filters=suggestion["filters"])
            assert found["total"]["value"] > 0, suggestion


def test_phrases_of_titles_are_suggested_without_a_log(api: Api, built: SuggestionsReport) -> None:
    assert "wireless headphones" in texts(suggest(api, "wirel"), "query")
    assert "rain jacket" in texts(suggest(api, "jack", size=20), "query")


@pytest.mark.parametrize("typed", ["haedph", "hedpho", "wireles haed"])
def test_misspelt_beginnings_are_corrected(api: Api, built: SuggestionsReport, typed: str) -> None:
    answer = suggest(api, typed)
    assert any("headphones" in text for text in texts(answer, "query", "category"))
    assert any("headphones" in text for text in texts(answer, "item"))
    assert all(suggestion["corrected"] for suggestion in answer["suggestions"])


@pytest.mark.parametrize("typed", ["pokem", "POKÉM", "手机", "小米", "米手", "über", "uber"])
def test_accents_case_and_cjk(api: Api, built: SuggestionsReport, typed: str) -> None:
    answer = suggest(api, typed)
    assert [s for s in answer["suggestions"] if not s["corrected"]], answer
    assert all("<em>" in s["highlighted"] for s in answer["suggestions"])


def test_the_last_word_is_completed_behind_other_words(api: Api, built: SuggestionsReport) -> None:
    suggestions = suggest(api, "model blue headp")["suggestions"]
    first = next(s for s in suggestions if s["type"] == "query")
    assert first["text"] == "model blue headphones"
    assert api.search(first["text"], "x")["total"]["value"] > 0


def test_filters_leave_only_what_leads_to_items(api: Api, built: SuggestionsReport) -> None:
    filters = {"category": "All > desk lamp", "price": {"lt": 40}}
    assert texts(suggest(api, "coffee", filters=filters)) == []
    answer = suggest(api, "desk", filters=filters, size=20)
    assert {"query", "category", "item"} <= {s["type"] for s in answer["suggestions"]}
    for suggestion in answer["suggestions"]:
        if suggestion["type"] == "item":
            assert suggestion["source"]["price"] < 40
            continue
        found = api.search(suggestion["text"], "x", filters=filters)
        assert 0 < suggestion["count"] <= found["total"]["value"]
    [lamps] = [s for s in answer["suggestions"] if s["type"] == "category"]
    assert lamps["count"] == 7  # i2, i7, ... at 7, 12, ... below 40


def test_an_empty_prefix_shows_own_and_popular_queries(api: Api, built: SuggestionsReport) -> None:
    api.search("rain jacket green", "empty-1")
    answer = suggest(api, "", "empty-1")
    assert answer["suggestions"][0]["text"] == "rain jacket green"
    assert LOGGED in texts(answer)


@pytest.mark.parametrize("typed", ["*", " ?! ", "\\", "🦄", "\u200b", "“"])
def test_nothing_completes_signs_alone(api: Api, built: SuggestionsReport, typed: str) -> None:
    api.search("garden hose", "signs")
    response = api("POST", "/v1/suggest", {"prefix": typed, "session_id": "signs"})
    assert (response.status, response.body["suggestions"]) == (200, [])


def test_own_queries_come_first_and_can_be_removed(
    api: Api, built: SuggestionsReport, client: OpenSearch, names: IndexNames
) -> None:
    api.search("Rain jacket / Blue", "own-1", user_id="u-own")
    api.search("rain Jacket red", "own-2", user_id="u-own")
    answer = suggest(api, "rain", "own-2", user_id="u-own")
    assert [(s["text"], s["own"]) for s in answer["suggestions"][:2]] == [
        ("rain Jacket red", True), ("Rain jacket / Blue", True),
    ]  # fmt: skip
    assert not any(s["own"] for s in suggest(api, "rain", "own-3")["suggestions"])
    assert not any(
        s["own"] for s in suggest(api, "rain", "own-2", personalize=False)["suggestions"]
    )
    path = f"/v1/suggest?session_id=own-2&query={quote('RAIN JACKET / blue')}"
    removed = api("DELETE", path)
    assert removed.status == 200
    assert removed.body == {"sessions": 1, "users": 1, "ubi_queries": 1}
    answer = suggest(api, "rain", "own-2", user_id="u-own")
    assert [s["text"] for s in answer["suggestions"] if s["own"]] == ["rain Jacket red"]
    kept = api("GET", "/v1/sessions/own-2").body
    assert [row["query_text"] for row in kept["session"]["queries"]] == ["rain Jacket red"]
    assert api("GET", "/v1/sessions/own-1").status == 404
    assert api("DELETE", path).body == {"sessions": 0, "users": 0, "ubi_queries": 0}


@pytest.mark.parametrize(
    ("path", "field"),
    [("session_id=s", "query"), ("query=a", "session_id"), ("session_id=s&query=%20", "query")],
)
def test_a_removal_needs_a_session_and_a_query(api: Api, path: str, field: str) -> None:
    response = api("DELETE", f"/v1/suggest?{path}")
    assert response.status == 422
    assert [error["field"] for error in response.body["errors"]] == [field]


def test_clicks_lift_what_belongs_to_them(api: Api, built: SuggestionsReport) -> None:
    before = texts(suggest(api, "r", "click-1"), "query", "category")
    for item_id in ("i4", "i9"):  # rain jackets
        api.event("click", item_id, "click-1")
    answer = suggest(api, "r", "click-1")
    after = texts(answer, "query", "category")
    assert answer["personalized"]
    assert "rain" in after[0]
    assert sum("rain" in text for text in after[:3]) >= sum("rain" in text for text in before[:3])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"session_id": "s"}, "prefix"),
        ({"prefix": "a" * 129, "session_id": "s"}, "prefix"),
        ({"prefix": "a"}, "session_id"),
        ({"prefix": "a", "session_id": "s", "size": 51}, "size"),
        ({"prefix": "a", "session_id": "s", "size": 0}, "size"),
        ({"prefix": "a", "session_id": "s", "personalize": 1}, "personalize"),
        ({"prefix": "a", "session_id": "s", "deadline_ms": 0}, "deadline_ms"),
        ({"prefix": "a", "session_id": "s", "types": ["item"]}, "types"),
        ({"prefix": "a", "session_id": "s", "user_id": " "}, "user_id"),
        (
            {"prefix": "a", "session_id": "s", "filters": {"attributes": {"size": "L"}}},
            "filters.attributes.size",
        ),
    ],
)
def test_wrong_fields_are_named(api: Api, body: dict[str, object], field: str) -> None:
    response = api("POST", "/v1/suggest", body)
    assert response.status == 422
    assert [error["field"] for error in response.body["errors"]] == [field]


@pytest.mark.parametrize(
    "prefix", ["!!!", '"', "* OR *", "a" * 128, "  ", "\u0000", "👟", "the of"]
)
def test_any_prefix_is_answered(api: Api, built: SuggestionsReport, prefix: str) -> None:
    assert suggest(api, prefix)["degraded"] == []


def test_a_query_that_too_few_sessions_typed_is_gone_after_an_erasure(
    api: Api, built: SuggestionsReport, context: IndexContext, client: OpenSearch
) -> None:
    write_log(client, context.names, {"desk lamp blue": 3})
    first = build_suggestions(context)
    assert first.from_log == built.from_log + 1
    assert first.removed == (built.index,)
    assert api("DELETE", f"/v1/sessions/{quote(quote('desk lamp blue'))}-0").status == 200
    second = build_suggestions(context)
    assert second.from_log == built.from_log
    assert client.indices.get(index=context.names.suggestions_pattern).keys() == {second.index}
    meta = client.indices.get_mapping(index=second.index)[second.index]["mappings"]["_meta"]
    assert meta["made_by"] == "live-intent"


def test_sessions_of_one_user_count_as_one(
    api: Api, built: SuggestionsReport, context: IndexContext, client: OpenSearch
) -> None:
    for number in range(3):
        body = {
            "session_id": f"same-{number}", "user_id": "one", "user_query": "desk lamp red",
            "timestamp": now(),
        }  # fmt: skip
        client.index(index=context.names.ubi_queries, body=body, refresh=True)
    assert build_suggestions(context).from_log == built.from_log


class TestOfAFreshInstallation:
    """Without an index of suggestions, or with one that is not ours."""

    @pytest.fixture
    def few(self, fresh_context: IndexContext, encoder: Encoder, tmp_path: Path) -> IndexContext:
        rows: Sequence[dict[str, object]] = [
            {"item_id": str(n), "title": f"Lamp {n}", "brand": "Acme"} for n in range(3)
        ]
        rebuild_index(fresh_context, encoder, write_json_lines(tmp_path / "items.jsonl", rows))
        return replace(fresh_context, settings=load(IndexSettings))

    def test_items_are_suggested_and_the_answer_says_what_to_do(
        self, few: IndexContext, fresh_settings: ClusterSettings, encoder: Encoder
    ) -> None:
        batching = BatchingEncoder(encoder)
        with serving(create_app(load(ServiceSettings), fresh_settings, batching)) as api:
            answer = suggest(api, "lam", deadline_ms=20_000)
        batching.close()
        assert texts(answer) == ["lamp", "Lamp 0", "Lamp 1", "Lamp 2"]
        [missing] = answer["degraded"]
        assert missing["stage"] == "suggestions"
        assert "live-intent index suggestions" in missing["reason"]

    def test_a_rebuild_makes_them_and_reports(
        self, few: IndexContext, fresh_environment: dict[str, str], tmp_path: Path
    ) -> None:
        ran = invoke(fresh_environment, "index", "rebuild", tmp_path / "items.jsonl", "--quiet")
        assert ran.exit_code == 0, ran.output
        alias = few.names.suggestions
        assert f"{alias} -> {alias}-2" in ran.output
        again = invoke(fresh_environment, "index", "suggestions", "--json", "--quiet")
        assert '"brands": 1' in again.output

    def test_the_same_items_are_counted_once(self, few: IndexContext) -> None:
        client, alias = few.client, few.names.suggestions

        def searches() -> int:
            stats = client.indices.stats(index=few.names.items, metric="search")
            return int(stats["_all"]["total"]["search"]["query_total"])

        def made() -> tuple[list[object], int]:
            """The suggestions, and how many searches of the items they took."""
            before = searches()
            build_suggestions(few)
            took = searches() - before
            hits = client.search(index=alias, size=100)["hits"]["hits"]
            return sorted((hit["_source"] for hit in hits), key=str), took

        first, of_first = made()
        index = set(client.indices.get(index=alias))
        again, of_again = made()
        assert (again, of_again < of_first) == (first, True)
        assert set(client.indices.get(index=alias)) == index  # nothing to change in it
        write_item(few, {"item_id": "9", "title": "Lamp 9"})
        changed, of_changed = made()
        assert set(client.indices.get(index=alias)) != index
        assert of_changed == of_first
        assert {each["text"]: each["count"] for each in changed}["lamp"] == 4  # type: ignore[index]

    def test_another_applications_index_is_left_alone(
        self, few: IndexContext, fresh_environment: dict[str, str], tmp_path: Path
    ) -> None:
        few.client.indices.create(index=few.names.suggestions)
        with pytest.raises(AliasTaken):
            build_suggestions(few)
        ran = invoke(fresh_environment, "index", "rebuild", tmp_path / "items.jsonl", "--quiet")
        assert ran.exit_code == 0
        assert "suggestions were not made" in ran.output
        few.client.indices.delete(index=few.names.suggestions)
        other = f"{few.names.prefix}other"
        few.client.indices.create(index=other, body={"aliases": {few.names.suggestions: {}}})
        with pytest.raises(ForeignIndex):
            build_suggestions(few)

    def test_there_must_be_items(self, fresh_context: IndexContext) -> None:
        with pytest.raises(NoItemsIndex, match="live-intent index rebuild"):
            build_suggestions(fresh_context)


def test_an_unreadable_session_is_left_out_and_said(
    api: Api, built: SuggestionsReport, client: OpenSearch, names: IndexNames
) -> None:
    client.indices.close(index=names.sessions)
    try:
        answer = suggest(api, "coff")
    finally:
        client.indices.open(index=names.sessions, params={"wait_for_active_shards": "1"})
    assert [missing["stage"] for missing in answer["degraded"]] == ["session"]
    assert LOGGED in texts(answer)
