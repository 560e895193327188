"""Writers that run through a whole rebuild: every document and version after it."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson
import pytest
from opensearchpy.helpers import scan

from indexer.catalogue.changes.item_changes import ItemChange
from indexer.catalogue.items import Item
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.reading_rules import ReadingRules
from indexer.change_feed.application import apply_changes
from indexer.change_feed.change import ChangeReader
from indexer.encoder_spec import EncoderMismatch
from indexer.index.carry_over.beginning import Beginning
from indexer.index.live.updates import delete, update, upsert
from indexer.progress import Silence
from plugin_config.ownership import ForeignIndex
from plugin_config.schema import CHANGED_AT, VECTOR_FLOAT16
from plugin_config.settings import load, variable
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.command_line import run
from tests.integration.rebuilding import (
    COLOURS,
    FILL,
    KINDS,
    AtStage,
    indexes,
    source,
    write_catalogue,
)
from tests.integration.serving import serving
from tests.integration.waiting import wait_until
from tests.local_server import QuietHandler, local_server

pytestmark = pytest.mark.node

ITEMS = 240
LATE_MS = 5000  # by which a feed lags: its versions are older than the rebuild
READ = "read and check"


@dataclass
class Written:
    """The last acknowledged write of an item; `title` None: deleted, `version` None: not named."""

    title: str | None
    price: float | None
    version: int | None


@dataclass
class Writer:
    """Writes items `number`, `number` + 4, ... one after the other until it is stopped."""

    number: int
    write: Callable[[str, str, int], Written]
    begun: threading.Event  # the rebuild reads the catalogue
    stop: threading.Event
    acknowledged: dict[str, Written] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)  # items of other writes
    count: int = 0

    def run(self) -> None:
        rng = random.Random(self.number)
        while not self.stop.is_set():
            item_id = str(rng.randrange(ITEMS // 4) * 4 + self.number)
            begun = self.begun.is_set()
            action = rng.choice(["put", "patch", "patch", "delete"]) if begun else "patch"
            before = self.acknowledged.get(item_id)
            if action == "patch" and before is not None and before.title is None:
                action = "put"
            try:
                written = self.write(action, item_id, self.count)
            except EncoderMismatch:  # after the swap to an index of another encoder
                self.acknowledged.pop(item_id, None)
                self.unknown.add(item_id)
                return
            if action == "patch":
                n = int(item_id)
                title = before.title if before else f"{COLOURS[n % 4]} {KINDS[n % 5]} model {n}"
                written = Written(title, written.price, written.version)
            if self.begun.is_set():
                self.acknowledged[item_id] = written
            else:  # the catalogue wins, unless the item is written again
                self.unknown.add(item_id)
            self.count += 1


@pytest.fixture
def writers(fresh_context, fresh_settings, encoder) -> Iterator[list[Writer]]:
    """Two writers by the command's code, two over HTTP whose versions lag behind the clock."""

    def by_command(action: str, item_id: str, number: int) -> Written:
        price = float(1000 + number)
        if action == "delete":
            delete(fresh_context, [item_id])
            return Written(None, None, None)
        if action == "put":
            item = Item(item_id, f"purple piano {number}", price=price)
            upsert(fresh_context, lambda: encoder, [item])
            return Written(item.title, price, None)
        change = ItemChange.of({"item_id": item_id, "price": price}, ReadingRules())
        assert not update(fresh_context, lambda: encoder, [change]).not_found
        return Written(None, price, None)

    def over_http(action: str, item_id: str, number: int) -> Written:
        version = time.time_ns() // 1_000_000 - LATE_MS
        path, price = f"/v1/items/{item_id}?version={version}", float(1000 + number)
        title = f"silver saxophone {number}"
        body = {"put": {"title": title, "price": price}, "patch": {"price": price}}.get(action)
        response = api({"put": "PUT", "patch": "PATCH"}.get(action, "DELETE"), path, body)
        if response.status == 503:
            raise EncoderMismatch(response.body["detail"])
        assert response.status in (200, 201) or (action, response.status) == ("delete", 404)
        if action == "delete":
            return Written(None, None, version)
        return Written(title if action == "put" else None, price, version)

    batching, begun, stop = BatchingEncoder(encoder), threading.Event(), threading.Event()
    settings = load(ServiceSettings, item_writes=True)
    with serving(create_app(settings, fresh_settings, batching)) as api:
        ways = [by_command, by_command, over_http, over_http]
        yield [Writer(number, write, begun, stop) for number, write in enumerate(ways)]
    batching.close()


class WaitForWriters(Silence):
    """Progress that holds each stage until every writer has written some more items."""

    def __init__(self, writers: list[Writer], running: Callable[[], None]) -> None:
        self.writers, self.running, self.stages = writers, running, list[str]()

    def start(self, stage: str, total: int | None = None) -> None:
        self.stages.append(stage)
        self.writers[0].begun.set()
        self.hold()

    def advance(self, count: int = 1) -> None:
        if self.stages[-1] == FILL:
            self.hold()

    def close(self) -> None:
        self.hold()

    def hold(self) -> None:
        before = [writer.count for writer in self.writers]

        def all_wrote() -> bool:
            self.running()
            return all(w.count > n for w, n in zip(self.writers, before, strict=True))

        wait_until(all_wrote, 60)


@pytest.mark.parametrize("layout", ["encoder", "concat_encoder"], ids=["same", "other_encoder"])
def test_every_write_acknowledged_during_a_rebuild_is_in_the_new_index(
    run_rebuild, client, fresh_context, writers, request, tmp_path, layout
):
    catalogue = write_catalogue(tmp_path / "catalogue.jsonl", range(ITEMS))
    first = run_rebuild(catalogue)
    settings = {"fill_window": 60, "bulk_items": 30, "bulk_threads": 1}
    new_encoder = request.getfixturevalue(layout)
    with ThreadPoolExecutor(len(writers)) as pool:
        futures = [pool.submit(writer.run) for writer in writers]

        def running() -> None:
            for future in futures:
                if future.done():
                    future.result()

        try:
            progress = WaitForWriters(writers, running)
            progress.hold()
            # As the command does it: the encoder is loaded between the beginning and the first
            # read, in which writes under way are acknowledged.
            settings["beginning"] = Beginning.now(fresh_context)
            progress.hold()
            report = run_rebuild(catalogue, encoder=new_encoder, progress=progress, **settings)
            if layout == "encoder":
                progress.hold()  # some writes after the swap
        finally:
            writers[0].stop.set()
        for future in futures:
            future.result()
    assert report.previous == first.index
    assert progress.stages[0] == READ
    client.indices.refresh(index=report.index)
    body = {"query": {"match_all": {}}, "version": True}
    stored = {hit["_id"]: hit for hit in scan(client, index=report.index, query=body)}
    wrong = []
    untouched = {str(n) for n in range(ITEMS)}
    for writer in writers:
        untouched -= set(writer.acknowledged) | writer.unknown
        for item_id, written in writer.acknowledged.items():
            hit = stored.get(item_id)
            if written.title is None:
                if hit is not None:
                    wrong.append((item_id, written, hit["_source"]["title"]))
                continue
            if hit is None:
                wrong.append((item_id, written, None))
                continue
            price, title = hit["_source"]["price"], hit["_source"]["title"]
            version = hit["_version"] if written.version is not None else None
            if (title, price, version) != (written.title, written.price, written.version):
                wrong.append((item_id, written, (title, price, version)))
    assert wrong == []
    assert all(stored[item_id]["_source"]["price"] < 1000 for item_id in untouched)
    assert all(VECTOR_FLOAT16 in hit["_source"] for hit in stored.values())


def test_two_changes_before_the_row_of_their_item_is_written_both_count(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue
):
    run_rebuild(catalogue)

    def change() -> None:
        for column, value in (("price", 1000.0), ("currency", "EUR"), ("image_url", "/7.png")):
            changed = ItemChange.of({"item_id": "7", column: value}, ReadingRules())
            assert update(fresh_context, lambda: encoder, [changed]).written == 1

    run_rebuild(catalogue, progress=AtStage(FILL, change))
    stored = source(client, fresh_names, "7")
    assert (stored["price"], stored["currency"], stored["image_url"]) == (1000, "EUR", "/7.png")


def test_what_a_writer_brought_to_the_new_index_is_not_replaced_by_an_earlier_copy_of_it(
    run_rebuild, client, fresh_names, fresh_context, encoder, concat_encoder, catalogue
):
    live = run_rebuild(catalogue).index

    def write() -> None:
        for price in (1000.0, 2000.0):
            changed = ItemChange.of({"item_id": "7", "price": price}, ReadingRules())
            assert update(fresh_context, lambda: encoder, [changed]).written == 1
        # A third change, which the live index had after it was read for the copy.
        [new] = set(indexes(client, fresh_names)) - {live}
        later = time.time_ns() // 1_000_000 + 1000
        client.update(index=new, id="7", body={"doc": {"price": 3000.0, CHANGED_AT: later}})

    run_rebuild(catalogue, encoder=concat_encoder, progress=AtStage("encode a sample", write))
    assert source(client, fresh_names, "7")["price"] == 3000


def test_what_was_deleted_during_the_first_reading_of_the_catalogue_stays_deleted(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue
):
    run_rebuild(catalogue)

    def write() -> None:
        assert delete(fresh_context, ["6", "7", "8"]).written == 3
        upsert(fresh_context, lambda: encoder, [Item("7", "purple piano")])
        upsert(fresh_context, lambda: encoder, [Item("9", "silver saxophone")], {"9": 77})

    report = run_rebuild(catalogue, progress=AtStage(READ, write, after=10))
    assert report.count == 298
    assert source(client, fresh_names, "6") is None
    assert source(client, fresh_names, "7")["title"] == "purple piano"
    assert source(client, fresh_names, "8") is None
    nine = client.get(index=fresh_names.items, id="9")
    assert (nine["_source"]["title"], nine["_version"]) == ("silver saxophone", 77)
    # The next rebuild began after these writes: its catalogue brings the items back.
    assert run_rebuild(catalogue).count == 300
    assert source(client, fresh_names, "9")["title"].endswith("model 9")


def test_what_is_written_before_the_command_has_asked_for_anything_wins_too(
    run_rebuild, client, fresh_names, fresh_context, fresh_environment, encoder, catalogue, tmp_path
):
    run_rebuild(catalogue)
    upsert(fresh_context, lambda: encoder, [Item("8", "earlier piano")])
    delete(fresh_context, ["9"])
    written = threading.Event()

    class Handler(QuietHandler):
        def handle_any(self) -> None:
            if not written.is_set():  # the first request of the command
                delete(fresh_context, ["5"])
                upsert(fresh_context, lambda: encoder, [Item("6", "purple piano")])
                update(fresh_context, lambda: encoder, [ItemChange("7", {"price": 3000.0})])
                written.set()
            response, content = self.forwarded(node, self.body())
            self.answer(response.status, content, length=response.headers.get("Content-Length"))

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

    node = fresh_environment[variable("opensearch_url")].removeprefix("http://").rstrip("/")
    with local_server(Handler) as url:
        environment = fresh_environment | {variable("opensearch_url"): url}
        done = run(environment, "index", "rebuild", catalogue, "--fresh", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert source(client, fresh_names, "5") is None
    assert source(client, fresh_names, "6")["title"] == "purple piano"
    assert source(client, fresh_names, "7")["price"] == 3000
    for earlier in ("8", "9"):  # the catalogue is newer
        assert source(client, fresh_names, earlier)["title"].endswith(f"model {earlier}")


@pytest.mark.parametrize("stage", [READ, FILL, "check"])
def test_an_item_that_came_back_with_the_version_of_its_deletion_stays(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue, stage
):
    run_rebuild(catalogue)

    def write() -> None:  # as a feed whose times are whole seconds
        second = time.time_ns() // 10**9 * 1000
        same = {"6": second, "7": second, "8": second}
        upsert(fresh_context, lambda: encoder, [Item("6", "a piano"), Item("7", "a piano")], same)
        delete(fresh_context, ["6", "7", "8"], same)
        upsert(fresh_context, lambda: encoder, [Item("6", "a lute"), Item("8", "a lute")], same)

    assert run_rebuild(catalogue, progress=AtStage(stage, write)).count == 299
    assert source(client, fresh_names, "6")["title"] == "a lute"
    assert source(client, fresh_names, "7") is None
    assert source(client, fresh_names, "8")["title"] == "a lute"


def test_an_item_that_a_rebuild_brought_back_takes_later_changes_and_no_older_ones(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue
):
    run_rebuild(catalogue)
    now = time.time_ns() // 1_000_000
    delete(fresh_context, ["6", "7"], {"6": now, "7": now})
    assert run_rebuild(catalogue).count == 300  # its catalogue has them again
    lines = [
        {"op": "update", "version": now + 1, "item_id": "6", "price": 1000},
        {"op": "upsert", "version": now - 1, "item_id": "7", "title": "purple piano"},
    ]
    changes = [ChangeReader(ColumnMap()).read(orjson.dumps(line)) for line in lines]
    outcomes = apply_changes(fresh_context, lambda: encoder, changes).outcomes
    assert [outcome.status for outcome in outcomes] == ["applied", "old"]
    assert source(client, fresh_names, "6")["price"] == 1000
    assert source(client, fresh_names, "7")["title"].endswith("model 7")


def test_a_write_with_a_version_in_the_future_wins_over_the_catalogue(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue
):
    run_rebuild(catalogue)
    later = time.time_ns() // 1_000_000 + 3_600_000
    upsert(fresh_context, lambda: encoder, [Item("5", "purple piano")], {"5": later})
    delete(fresh_context, ["6"], {"6": later})
    assert run_rebuild(catalogue).count == 299
    assert source(client, fresh_names, "5")["title"] == "purple piano"
    assert source(client, fresh_names, "6") is None


def test_an_index_of_deletions_that_others_made_is_refused(
    run_rebuild, client, fresh_names, fresh_context, catalogue
):
    run_rebuild(catalogue)
    client.indices.create(index=fresh_names.deletions)
    with pytest.raises(ForeignIndex, match=fresh_names.deletions):
        delete(fresh_context, ["6"])
    assert source(client, fresh_names, "6") is not None
