"""Pages of a cursor stay as the first one froze them: clicks, writes and an index swap go on."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, indexes, rebuild_index
from tests.integration.serving import Api, item_ids, serving

pytestmark = pytest.mark.node
LAMPS = 120


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    rows = [
        {"item_id": f"lamp-{n:03}", "title": f"desk lamp {'red' if n % 9 == 0 else 'white'}",
         "popularity": n % 4, "price": 10 + n}
        for n in range(LAMPS)
    ]  # fmt: skip
    return write_json_lines(tmp_path / "items.jsonl", rows)


@pytest.fixture
def rebuild(
    client: OpenSearch, fresh_names: IndexNames, fresh_settings: ClusterSettings, encoder: Encoder,
    catalogue: Path,
) -> Callable[[], str]:  # fmt: skip
    context = index_context(client, fresh_names, fresh_settings.bundles_dir)
    return lambda: rebuild_index(context, encoder, catalogue)


@pytest.fixture
def api(
    rebuild: Callable[[], str], fresh_settings: ClusterSettings, encoder: Encoder
) -> Iterator[Api]:
    rebuild()
    settings = load(
        ServiceSettings, default_deadline_ms=20_000, candidates_per_leg=20, item_writes=True,
        swap_poll_s=0.1,
    )  # fmt: skip
    batching = BatchingEncoder(encoder)
    with serving(create_app(settings, fresh_settings, batching)) as api:
        yield api
    batching.close()


def pages(
    api: Api, between: Callable[[int, Any], None], size: int = 15, **fields: object
) -> Iterator[Any]:
    """The answers of all pages; `between` is called with each page's number and answer."""
    body = {"session_id": "s", "size": size, **fields}
    path = "/v1/search" if "query" in fields else "/v1/recommend"
    for number in range(100):
        response = api("POST", path, body)
        assert response.status == 200, response
        yield response.body
        if (cursor := response.body["next_cursor"]) is None:
            return
        body["cursor"] = cursor
        between(number, response.body)
    raise AssertionError("the pages do not end")


class Writer(threading.Thread):
    """Adds, changes and deletes lamps; `changed` and `deleted` say which."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self.api, self.stopped = api, threading.Event()
        self.changed = {f"lamp-{n:03}" for n in range(3, LAMPS, 10)}
        self.deleted = {f"lamp-{n:03}" for n in range(7, LAMPS, 20)}

    def run(self) -> None:
        for number, item_id in enumerate(sorted(self.changed | self.deleted)):
            if self.stopped.is_set():
                return
            if item_id in self.deleted:
                self.api("DELETE", f"/v1/items/{item_id}")
            else:
                change = {"price": 200 - number, "title": f"lamp lamp desk {number}"}
                self.api("PATCH", f"/v1/items/{item_id}", change)
            new = {"title": f"desk lamp new {number}", "price": number}
            self.api("PUT", f"/v1/items/new-{number}", new)


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "desk lamp"},
        {"query": "desk lamp", "sort": "price"},
        {"query": "desk lamp", "sort": {"by": "name", "order": "desc"}},
        {},
        {"sort": {"by": "popularity"}},
    ],
    ids=["search", "price", "name", "recommend", "popularity"],
)
def test_no_page_repeats_or_skips_an_item_while_clicks_writes_and_a_swap_go_on(
    api: Api, rebuild: Callable[[], str], client: OpenSearch, fresh_names: IndexNames,
    fields: dict[str, object],
) -> None:  # fmt: skip
    writer = Writer(api)

    def between(number: int, answer: Any) -> None:
        api.event("click", item_ids(answer)[-1] if answer["hits"] else "lamp-001", "s")
        if number == 0:
            writer.start()
        if number == 3:
            client.indices.refresh(index=fresh_names.items)
            index = rebuild()  # without the writer's changes
            while api.search("lamp", "other")["index"] != index:
                pass

    answers = list(pages(api, between, **fields))
    writer.join()
    found = [item_id for answer in answers for item_id in item_ids(answer)]
    assert len(set(found)) == len(found)
    stayed = {f"lamp-{n:03}" for n in range(LAMPS)} - writer.deleted
    assert stayed - set(found) == set()
    positions = [hit["position"] for answer in answers for hit in answer["hits"]]
    assert positions == sorted(set(positions))
    assert len({answer["index"] for answer in answers}) == 2
    assert all(answer["total"] == answers[0]["total"] for answer in answers)
    assert [answer["degraded"] for answer in answers] == [[]] * len(answers)


def test_pages_below_the_candidates_end_when_their_index_is_removed(
    api: Api, rebuild: Callable[[], str], client: OpenSearch, fresh_names: IndexNames
) -> None:
    answer = api.search("desk lamp", "s", size=100)
    answer = api.search("desk lamp", "s", size=10, cursor=answer["next_cursor"])
    [old] = indexes(client, fresh_names)
    index = rebuild()
    while api.search("lamp", "other")["index"] != index:
        pass
    client.indices.delete(index=old)
    body = {"query": "desk lamp", "session_id": "s", "cursor": answer["next_cursor"]}
    response = api("POST", "/v1/search", body)
    assert (response.status, "first page again" in response.body["detail"]) == (410, True)


def test_without_a_point_in_time_the_pages_go_on_and_say_so(api: Api, client: OpenSearch) -> None:
    setting = "search.max_open_pit_context"
    client.cluster.put_settings(body={"transient": {setting: 0}})
    try:
        answers = list(pages(api, lambda *_: None, size=40, query="desk lamp"))
    finally:
        client.cluster.put_settings(body={"transient": {setting: None}})
    found = [item_id for answer in answers for item_id in item_ids(answer)]
    assert sorted(found) == [f"lamp-{n:03}" for n in range(LAMPS)]
    assert [d["stage"] for d in answers[-1]["degraded"]] == ["cursor"]
    assert answers[0]["degraded"] == []


def test_an_explained_page_keeps_its_reasons_or_says_that_they_changed(api: Api) -> None:
    api.event("click", "lamp-018", "s")
    answer = api.search("desk lamp", "s", size=10)
    cursor = answer["next_cursor"]
    kept = api.search("desk lamp", "s", size=5, cursor=cursor, explain=True)
    for hit in kept["hits"]:
        shares = [share["value"] for share in hit["explanation"]["shares"]]
        assert sum(shares) == pytest.approx(hit["score"], abs=1e-3)
        assert "desk lamp" in hit["explanation"]["why"]
    api("DELETE", "/v1/sessions/s")
    changed = api.search("desk lamp", "s", size=5, cursor=cursor, explain=True)
    assert item_ids(changed) == item_ids(kept)
    for hit in changed["hits"]:
        shares = [share["value"] for share in hit["explanation"]["shares"]]
        assert sum(shares) == pytest.approx(hit["score"], abs=1e-3)
