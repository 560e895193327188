"""A change feed is followed through a rebuild and a kill: no change is lost, none revived."""

import json
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from indexer.encoder.encoder import Encoder
from indexer.index.documents import from_float16_base64
from indexer.index.live.updates import now_ms
from indexer.index.rebuilding.rebuild_report import RebuildReport
from indexer.progress import Silence
from plugin_config.schema import VECTOR_FLOAT16, IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import start
from tests.integration.rebuilding import (
    COLOURS,
    KINDS,
    alias_target,
)
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


ITEMS = 300


@dataclass
class ItemState:
    """What the feed says of an item; `title` None: it is not there."""

    title: str | None
    price: float | None
    version: int


@dataclass
class FeedWriter:
    """Appends random changes from a seed to a feed, and knows what they come to."""

    feed: Path
    rng: random.Random
    items: dict[str, ItemState]
    version: int = field(default_factory=now_ms)
    lines: int = 0

    def append(self, count: int) -> None:
        """Append so many lines, a tenth of them older than what came before."""
        lines = [self._line() for _ in range(count)]
        with self.feed.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def _line(self) -> dict[str, Any]:
        rng, item_id = self.rng, str(self.rng.randrange(ITEMS + 50))
        item = self.items.setdefault(item_id, ItemState(None, None, 0))
        self.lines += 1
        self.version += 1
        version = item.version - 1 if rng.random() < 0.1 and item.version > 1 else self.version
        op = rng.choice(["upsert", "update", "update", "update", "delete"])
        line = {"op": op, "version": version, "item_id": item_id}
        if op == "update" and item.title is None:
            line["op"] = op = "upsert"
        title, price = f"purple piano {self.lines % 20}", float(self.lines)
        if op != "delete":
            line["price"] = price
        if op == "upsert":
            line["title"] = title
        if version >= item.version:
            item.title = {"upsert": title, "update": item.title}.get(op)
            item.price = price if item.title else None
            item.version = version
        return line


@dataclass
class FollowWhile(Silence):
    """Progress of a rebuild that holds it at each stage, and often while it fills the index.

    Each time the feed gets lines, and the rebuild goes on when they are applied.
    """

    hold: Callable[[], None]
    stage: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, stage: str, total: int | None = None) -> None:
        self.stage = stage
        self.advance()

    def advance(self, count: int = 1) -> None:
        with self.lock:
            if self.stage != "read and check" or not count:
                self.hold()

    def close(self) -> None:
        self.advance(0)


@dataclass
class FollowProcess:
    """The command following a feed, in a process that can be killed and started again."""

    environment: dict[str, str]
    feed: Path
    state_dir: Path
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        arguments = ("--batch-lines", 20, "--wait-ms", 20)
        folder = self.feed.parent
        line = ("index", "follow", self.feed, *arguments)
        self.process = start(self.environment, *line, folder=folder, log=folder / "follower.log")

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def line(self) -> int:
        """The line that it has applied."""
        for path in (self.state_dir / "feeds").glob("*.json"):
            return int(json.loads(path.read_text())["position"]["line"])
        return 0

    def wait_for(self, line: int) -> None:
        wait_until(lambda: self.line >= line, 150, self.process)


@pytest.fixture
def follower(
    fresh_environment: dict[str, str], fresh_settings: ClusterSettings, tmp_path: Path
) -> Iterator[FollowProcess]:
    feed = tmp_path / "changes.jsonl"
    feed.touch()
    follower = FollowProcess(fresh_environment, feed, fresh_settings.state_dir)
    yield follower
    follower.kill()


def test_a_rebuild_and_a_kill_lose_and_revive_nothing(
    run_rebuild: Callable[..., RebuildReport],
    fresh_names: IndexNames,
    client: OpenSearch,
    encoder: Encoder,
    catalogue: Path,
    follower: FollowProcess,
) -> None:
    first = run_rebuild(catalogue)
    items = {
        str(n): ItemState(f"{COLOURS[n % 4]} {KINDS[n % 5]} model {n}", 5 + n % 90, 1)
        for n in range(ITEMS)
    }
    writer = FeedWriter(follower.feed, random.Random(7), items)
    follower.start()
    rounds = 0

    def hold() -> None:
        nonlocal rounds
        rounds += 1
        writer.append(20)
        follower.wait_for(writer.lines)
        if rounds == 8:
            writer.append(120)
            follower.wait_for(writer.lines - 110)
            follower.kill()  # within these lines
            assert follower.line < writer.lines
            follower.start()

    report = run_rebuild(
        catalogue, progress=FollowWhile(hold), fill_window=100, bulk_items=50, bulk_threads=1
    )
    assert (alias_target(client, fresh_names), report.previous) == (report.index, first.index)
    assert rounds > 12
    hold()
    assert follower.process is not None
    follower.process.send_signal(signal.SIGTERM)
    assert follower.process.wait(30) == 143
    assert not list(follower.feed.parent.glob("*.dead.jsonl"))

    client.indices.refresh(index=fresh_names.items)
    query = {"query": {"match_all": {}}, "version": True}
    stored = {hit["_id"]: hit for hit in scan(client, index=fresh_names.items, query=query)}
    expected = {item_id: item for item_id, item in items.items() if item.title is not None}
    assert stored.keys() == expected.keys()
    for item_id, item in expected.items():
        hit = stored[item_id]
        found = ItemState(hit["_source"]["title"], hit["_source"]["price"], hit["_version"])
        assert found == item, item_id
    pianos = [hit["_source"] for hit in stored.values() if "piano" in hit["_source"]["title"]]
    vectors = encoder.encode_items([row["title"] for row in pianos])
    for row, vector in zip(pianos, vectors, strict=True):
        assert float(from_float16_base64(row[VECTOR_FLOAT16]) @ vector) > 0.999
