"""`live-intent index follow`: what counts, dead letters, versions, resuming."""

import json
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.index.context import IndexContext
from indexer.index.live.updates import now_ms
from plugin_config.schema import VECTOR_FLOAT16, IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.busy_proxy import busy_proxy
from tests.integration.command_line import invoke, run, start
from tests.integration.rebuilding import (
    alias_target,
    index_context,
    source,
    write_json_lines,
)
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def context(client: OpenSearch, names: IndexNames, shop: ClusterSettings) -> IndexContext:
    """Sixty items, `i0` to `i59`, in a live index; each test has some of its own."""
    return index_context(client, names, shop.bundles_dir)


@pytest.fixture
def without_model(environment: dict[str, str], context: IndexContext) -> dict[str, str]:
    """Environment of the command, with an encoder that is nowhere."""
    return environment | {"LIVE_INTENT_ENCODER": "./nowhere"}


def has_price(client: OpenSearch, names: IndexNames, item_id: str, price: float) -> bool:
    document = source(client, names, item_id)
    return document is not None and document["price"] == price


def follow(environment: dict[str, str], feed: Path, *arguments: object) -> dict[str, Any]:
    """Run the command until the feed's end, in this process; return its report."""
    letters = ("--dead-letters", feed.with_suffix(".dead.jsonl"))
    ran = invoke(
        environment, "index", "follow", "--until-end", "--json", feed, *letters, *arguments
    )
    report: dict[str, Any] = json.loads(ran.stdout)
    assert ran.exit_code == (7 if report["dead_letters"] else 0), ran.output
    return report


def version_of(client: OpenSearch, names: IndexNames, item_id: str) -> int | None:
    return client.get(index=names.items, id=item_id, ignore=[404]).get("_version")


def test_prices_and_stock_load_no_encoder_and_bad_lines_can_be_fed_back(
    without_model, tmp_path, client, names
):
    at = now_ms()
    feed = write_json_lines(
        tmp_path / "changes.jsonl",
        [
            {"op": "update", "version": at, "item_id": "i0", "price": 1.25, "available": "no"},
            {"op": "update", "version": at, "item_id": "new", "price": 2},
            {"op": "update", "version": at, "item_id": "i1", "price": 2},
            {"op": "replace", "version": at, "item_id": "i1"},
            {"op": "delete", "version": at, "item_id": "i2"},
            {"op": "update", "version": at + 1, "item_id": "i1", "price": 3},
        ],
    )
    before = source(client, names, "i0")
    ran = run(without_model, "index", "follow", "--until-end", "--json", feed, folder=tmp_path)
    assert ran.returncode == 7, ran.stderr  # there are dead letters
    report = json.loads(ran.stdout)
    counted = ("applied", "upserts", "updates", "deletes", "old", "missing", "rejected")
    assert [report[name] for name in counted] == [4, 0, 3, 1, 0, 1, 1]
    assert (report["line"], report["position"]) == (6, feed.stat().st_size)
    after = source(client, names, "i0")
    assert (after["price"], after["available"]) == (1.25, False)
    assert after[VECTOR_FLOAT16] == before[VECTOR_FLOAT16]
    assert (source(client, names, "i1")["price"], source(client, names, "i2")) == (3, None)
    assert version_of(client, names, "i1") == at + 1

    letters = tmp_path / "changes.dead.jsonl"
    entries = [json.loads(line) for line in letters.read_text().splitlines()]
    assert [entry["line"] for entry in entries] == [2, 4]
    assert "the item is not in the index" in entries[0]["reason"]
    assert "allowed are upsert, update, delete" in entries[1]["reason"]
    letters.write_text(letters.read_text().replace("replace", "delete"))
    again = follow(without_model, letters, "--ignore-missing")
    assert (again["missing"], again["old"], again["dead_letters"]) == (1, 1, 0)


def test_the_same_feed_again_is_resumed_at_its_end_and_from_its_start_changes_nothing(
    environment, context, tmp_path, client, names
):
    at = now_ms()
    lines = [
        {"op": "upsert", "version": at, "item_id": "i5", "title": "Purple piano", "price": 5},
        {"op": "update", "version": at + 1, "item_id": "i5", "price": 6},
        {"op": "upsert", "version": at + 1, "item_id": "i6", "title": "Purple piano"},
        {"op": "delete", "version": at + 2, "item_id": "i6"},
    ]
    feed = write_json_lines(tmp_path / "changes.jsonl", lines)
    assert follow(environment, feed)["applied"] == 4
    report = follow(environment, feed)
    assert (report["applied"], report["line"]) == (0, 4)
    assert report["position"] == feed.stat().st_size
    after = source(client, names, "i5")
    with feed.open("a") as file:
        file.write(json.dumps({"op": "update", "version": at, "item_id": "i5", "price": 4}) + "\n")
    report = follow(environment, feed)
    assert (report["applied"], report["old"], report["line"]) == (0, 1, 5)
    report = follow(environment, feed, "--from-start")
    assert report["applied"] + report["old"] == 5
    assert (source(client, names, "i5"), source(client, names, "i6")) == (after, None)
    assert version_of(client, names, "i5") == at + 1


def test_an_older_upsert_revives_no_item_long_after_its_deletion(
    environment, context, tmp_path, client, names
):
    at = now_ms()
    deletion = {"op": "delete", "version": at, "item_id": "i7"}
    follow(environment, write_json_lines(tmp_path / "first.jsonl", [deletion]))
    index = alias_target(client, names)
    client.indices.put_settings(index=index, body={"index.gc_deletes": "0s"})
    client.indices.flush(index=index)
    older = [
        {"op": "upsert", "version": at - 1, "item_id": "i7", "title": "Purple piano"},
        {"op": "update", "version": at - 1, "item_id": "i7", "price": 1},
    ]
    report = follow(environment, write_json_lines(tmp_path / "older.jsonl", older))
    assert (report["applied"], report["old"]) == (0, 2)
    assert source(client, names, "i7") is None
    newer = [{"op": "upsert", "version": at + 1, "item_id": "i7", "title": "Purple piano"}]
    report = follow(environment, write_json_lines(tmp_path / "newer.jsonl", newer))
    assert report["applied"] == 1
    assert source(client, names, "i7")["title"] == "Purple piano"


@pytest.fixture
def no_price_of_13(
    client: OpenSearch, names: IndexNames, context: IndexContext
) -> Iterator[Callable[[], None]]:
    """The cluster refuses items with a price of 13, until this is called."""
    pipeline = f"{names.prefix}refusing"
    refusing = {"fail": {"if": "ctx.price == 13", "message": "13 is no price"}}
    client.ingest.put_pipeline(id=pipeline, body={"processors": [refusing]})
    setting = "index.default_pipeline"
    client.indices.put_settings(index=names.items, body={setting: pipeline})

    def end() -> None:
        client.indices.put_settings(index=names.items, body={setting: None})

    yield end
    end()
    client.ingest.delete_pipeline(id=pipeline)


@pytest.mark.parametrize("command", ["upsert", "update"])
def test_items_that_the_cluster_refuses_are_dead_letters_of_an_upsert_and_an_update(
    environment, tmp_path, client, names, no_price_of_13, command
):
    titles = {each: source(client, names, each)["title"] for each in ("i11", "i12")}
    rows = [
        {"item_id": item_id, "title": title, "price": price}
        for (item_id, title), price in zip(titles.items(), (13, 14), strict=True)
    ]
    catalogue = write_json_lines(tmp_path / "items.jsonl", rows)
    letters = tmp_path / "items.dead.jsonl"
    line = ("index", command, catalogue, "--dead-letters", letters, "-q")
    ran = invoke(environment, *line)
    assert ran.exit_code == 7
    assert "1 items up" in ran.output
    assert "item i11: " in ran.output
    assert "13 is no price" in ran.output
    assert has_price(client, names, "i12", 14)
    no_price_of_13()
    assert follow(environment, letters)["applied"] == 1
    assert has_price(client, names, "i11", 13)


def test_a_line_that_the_cluster_refuses_costs_no_other_line(
    environment, context, tmp_path, client, names, no_price_of_13
):
    at = now_ms()
    prices = [("i8", 3), ("i9", 2), ("i8", 13), ("i9", 4)]
    lines = [
        {"op": "update", "version": at + number, "item_id": item_id, "price": price}
        for number, (item_id, price) in enumerate(prices)
    ]
    report = follow(environment, write_json_lines(tmp_path / "changes.jsonl", lines))
    assert (report["applied"], report["rejected"], report["dead_letters"]) == (3, 1, 1)
    assert [source(client, names, each)["price"] for each in ("i8", "i9")] == [3, 4]
    [letter] = (tmp_path / "changes.dead.jsonl").read_text().splitlines()
    assert "13 is no price" in json.loads(letter)["reason"]


def test_standard_input_ends_with_its_pipe(without_model, tmp_path, client, names):
    follower = start(without_model, "index", "follow", "-", "--wait-ms", 20, folder=tmp_path)
    assert follower.stdin is not None
    for price in (7, 8):
        line = {"op": "update", "time": now_ms(), "item_id": "i10", "price": price}
        follower.stdin.write(json.dumps(line) + "\n")
        follower.stdin.flush()
        wait_until(partial(has_price, client, names, "i10", price), process=follower)
    output, _ = follower.communicate(timeout=60)
    assert follower.returncode == 0
    assert "applied 2 (0 upserts, 2 updates, 0 deletes)" in output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_after_the_batch_and_another_goes_on(
    without_model, tmp_path, client, names, number, code
):
    at, item_id = now_ms(), f"i{20 + number}"
    line = {"op": "update", "version": at, "item_id": item_id, "price": 9}
    feed = write_json_lines(tmp_path / "changes.jsonl", [line])
    follower = start(without_model, "index", "follow", feed, folder=tmp_path)
    wait_until(lambda: source(client, names, item_id)["price"] == 9, process=follower)
    follower.send_signal(number)
    output, errors = follower.communicate(timeout=60)
    assert follower.returncode == code, errors
    assert "at line 1 (byte" in output
    assert follow(without_model, feed)["applied"] == 0


def test_a_feed_that_is_not_there_or_an_index_that_is_not_is_an_error(
    without_model, fresh_environment, tmp_path
):
    absent = run(without_model, "index", "follow", "nowhere.jsonl", folder=tmp_path)
    assert (absent.returncode, "nowhere.jsonl is not there" in absent.stderr) == (2, True)
    write_json_lines(tmp_path / "changes.jsonl", [])
    no_index = run(fresh_environment, "index", "follow", "changes.jsonl", folder=tmp_path)
    assert (no_index.returncode, "there is no index behind" in no_index.stderr) == (4, True)
    own = ("--dead-letters", "changes.jsonl", "changes.jsonl")
    assert run(without_model, "index", "follow", *own, folder=tmp_path).returncode == 2


def test_a_busy_cluster_is_waited_for_and_what_it_does_not_take_can_be_fed_back(
    without_model, tmp_path, client, names, node_url
):
    at = now_ms()
    lines = [
        {"op": "update", "version": at, "item_id": f"i{n}", "price": 77} for n in range(40, 52)
    ]
    feed = write_json_lines(tmp_path / "changes.jsonl", lines)
    with busy_proxy(node_url, [429, 503, 200]) as proxy:
        environment = without_model | {
            "LIVE_INTENT_OPENSEARCH_URL": proxy.url,
            "LIVE_INTENT_BULK_ITEMS": "8",
            "LIVE_INTENT_BULK_RETRIES": "2",
        }
        report = follow(environment, feed)
        assert (report["applied"], report["retries"]) == (12, 2)
        assert all(has_price(client, names, line["item_id"], 77) for line in lines)
        proxy.answers += [200, 503, 503, 503]
        for line in lines:
            line |= {"version": at + 1, "price": 88}
        report = follow(environment, write_json_lines(tmp_path / "next.jsonl", lines))
    assert report["rejected"] == report["dead_letters"] > 0
    assert report["applied"] + report["rejected"] == 12
    letters = tmp_path / "next.dead.jsonl"
    assert (
        "not taken after 3 tries: HTTP 503"
        in json.loads(letters.read_text().split("\n")[0])["reason"]
    )
    assert follow(without_model, letters)["applied"] == report["rejected"]
    assert all(has_price(client, names, line["item_id"], 88) for line in lines)


def test_a_cluster_that_takes_no_writes_is_waited_for(
    without_model, tmp_path, client, names, node_url
):
    line = {"op": "update", "version": now_ms(), "item_id": "i13", "price": 99}
    feed = write_json_lines(tmp_path / "changes.jsonl", [line])
    log = tmp_path / "follower.log"
    with busy_proxy(node_url, [503, 503]) as proxy:
        environment = without_model | {
            "LIVE_INTENT_OPENSEARCH_URL": proxy.url,
            "LIVE_INTENT_BULK_RETRIES": "0",
        }
        follower = start(environment, "index", "follow", feed, folder=tmp_path, log=log)
        wait_until(partial(has_price, client, names, "i13", 99), 60, process=follower)
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(30) == 143
    assert log.read_text().count("The batch is tried again in") == 2
    assert not list(tmp_path.glob("*.dead.jsonl"))
