"""A rebuild that was killed before it had an index, or after the swap: when the next try began."""

import json
import os
import signal
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from indexer.catalogue.items import Item
from indexer.cli.cluster_session import ClusterSession
from indexer.cli.interruption import Stopped
from indexer.cli.rebuild_beginning import kept_beginning
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.beginning_file import BeginningFile, CatalogueState
from indexer.index.live.updates import delete, upsert
from indexer.index.owner import Owner
from plugin_config.connection.cluster_address import ClusterAddress
from tests.integration.command_line import run, start
from tests.integration.rebuilding import NotedProgress, indexes, source, write_catalogue
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
BAD_ROWS = 30_000  # a second of reading, and nothing to encode
EARLIER = "an earlier try of this rebuild began at"
DAY_MS = 86_400_000


def test_what_is_deleted_after_a_try_that_was_killed_while_it_read_stays_deleted(
    run_rebuild, client, fresh_names, fresh_context, fresh_environment, encoder, catalogue, tmp_path
):
    live = run_rebuild(catalogue).index
    large = write_catalogue(tmp_path / "large.jsonl", range(300))
    with large.open("a") as file:
        file.writelines('{"item_id": "bad"}\n' * BAD_ROWS)
    environment = fresh_environment | {"LIVE_INTENT_MAX_REJECTS": str(BAD_ROWS)}
    line = ("index", "rebuild", large, "--fresh")

    def killed_while_it_reads() -> str:
        log = tmp_path / "log"
        process = start(environment, *line, folder=tmp_path, log=log)
        wait_until(lambda: b"read and check" in log.read_bytes(), 120, process)
        process.kill()
        process.wait(timeout=60)
        assert indexes(client, fresh_names) == [live]  # no index that could say when it began
        return log.read_text()

    assert EARLIER not in killed_while_it_reads()
    delete(fresh_context, ["6"])
    assert EARLIER in killed_while_it_reads()
    # A feed that lags behind: older than the first try, and acknowledged after it.
    upsert(fresh_context, lambda: encoder, [Item("9", "silver saxophone")], {"9": 77})
    last = run(environment, *line, folder=tmp_path)
    assert last.returncode == 0, last.stderr
    assert EARLIER in last.stderr
    assert source(client, fresh_names, "6") is None
    assert source(client, fresh_names, "9")["title"] == "silver saxophone"
    assert source(client, fresh_names, "8") is not None
    folder = fresh_context.bundles_dir.parent / "rebuilds"  # that one ended: the next one begins
    assert list(folder.glob("large*")) == []


@pytest.fixture
def context(fresh_context):
    return replace(fresh_context, progress=NotedProgress())


@pytest.fixture
def begin(context, catalogue, tmp_path):
    """The beginning of a try of the command, by a process that died or the `owner`."""

    def call(began: int, as_of: datetime | None = None, owner: Owner | None = None) -> Beginning:
        state = CatalogueState.of(str(catalogue), as_of)
        file = BeginningFile(context, tmp_path / "state", state)
        version = began if as_of is None else round(as_of.timestamp() * 1000)
        since = file.begin(replace(Beginning.now(context), version=version, began=began))
        kept = json.loads(file.path.read_text())
        kept["owner"] = (owner or Owner(socket.gethostname(), 2**22 + 1, "")).to_meta()
        file.path.write_text(json.dumps(kept))
        return since

    return call


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def test_a_try_of_the_same_file_goes_on_from_the_first_beginning(begin, context):
    now = now_ms()
    first, second, third = begin(now), begin(now + 1), begin(now + 2)
    assert (second, third) == (replace(first, began=now + 1), replace(first, began=now + 2))
    assert all(EARLIER in note for note in context.progress.notes)
    assert len(context.progress.notes) == 2


@pytest.mark.parametrize("how", ["changed", "as of", "long ago", "damaged", "alive"])
def test_a_rebuild_begins_anew_where_no_earlier_try_speaks_of_the_same(
    begin, context, catalogue, tmp_path, how
):
    now = now_ms()
    with subprocess.Popen("cat", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        alive = Owner(Owner.this_process().host, process.pid, "") if how == "alive" else None
        days = context.settings.deleted_items_days + 1
        first = begin(now - days * DAY_MS if how == "long ago" else now, owner=alive)
        if how == "changed":
            os.utime(catalogue)
        if how == "damaged":
            [file] = (tmp_path / "state" / "rebuilds").iterdir()
            file.write_text('{"beginning": 1}')
        as_of = datetime(2026, 1, 1, tzinfo=UTC) if how == "as of" else None
        second = begin(now + 1, as_of)
        process.communicate()
    assert second.version != first.version
    assert not any(EARLIER in note for note in context.progress.notes)


def test_the_same_command_as_of_a_time_goes_on_too(begin):
    as_of, now = datetime(2026, 1, 1, tzinfo=UTC), now_ms()
    first = begin(now, as_of)
    assert begin(now + 1, as_of) == replace(first, began=now + 1)


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [(Stopped(signal.SIGINT), False), (Stopped(signal.SIGTERM), True), (OSError("full"), True)],
)
def test_only_ctrl_c_gives_a_rebuild_up(fresh_settings, context, catalogue, error, goes_on):
    address = ClusterAddress(fresh_settings.opensearch_url, fresh_settings.index_prefix)
    cluster = ClusterSession(address)
    cluster.settings = fresh_settings
    with pytest.raises(type(error)), kept_beginning(cluster, context, str(catalogue), None) as one:
        raise error
    with kept_beginning(cluster, context, str(catalogue), None) as two:
        assert (two.version == one.version) == goes_on
    with kept_beginning(cluster, context, str(catalogue), None) as three:
        assert three.version > two.version


def test_a_state_folder_that_cannot_be_written_stops_no_rebuild(context, catalogue, tmp_path):
    (tmp_path / "state").write_text("a file")
    file = BeginningFile(context, tmp_path / "state", CatalogueState.of(str(catalogue)))
    now = Beginning.now(context)
    assert file.begin(now) == now
    file.forget()
    [note] = context.progress.notes
    assert "this rebuild's beginning can't be kept in" in note


def test_what_is_read_once_has_no_beginning_to_go_on_from(context, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("-", str(tmp_path / "pipe"), str(tmp_path / "absent")):
        assert CatalogueState.of(name) is None
    now = Beginning.now(context)
    file = BeginningFile(context, tmp_path / "state", None)
    assert file.begin(now) is now
    file.forget()


def test_what_was_written_after_a_swap_whose_try_was_killed_stays_whatever_its_version(
    run_rebuild, client, fresh_names, fresh_context, encoder, concat_encoder, context, catalogue,
    tmp_path,
):  # fmt: skip
    run_rebuild(catalogue)
    state = CatalogueState.of(str(catalogue))
    beginning = BeginningFile(context, tmp_path, state).begin(Beginning.now(context))
    first = run_rebuild(catalogue, beginning=beginning).index
    delete(fresh_context, ["6"])
    upsert(fresh_context, lambda: encoder, [Item("9", "silver saxophone")], {"9": 77})
    for model in (concat_encoder, encoder):
        beginning = BeginningFile(context, tmp_path, state).begin(Beginning.now(context))
        report = run_rebuild(catalogue, beginning=beginning, encoder=model)
        assert report.previous == first
        assert report.count == 299
        assert source(client, fresh_names, "6") is None
        assert source(client, fresh_names, "9")["title"] == "silver saxophone"
        first = report.index
