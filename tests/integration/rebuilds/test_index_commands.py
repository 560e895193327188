"""`live-intent index` as a process: from a catalogue to a roll-back, errors, signals."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from indexer.cli.status import read_status
from tests.integration.command_line import start
from tests.integration.rebuilding import (
    BUSY,
    NotedProgress,
    alias_target,
    indexes,
    source,
    write_catalogue,
)
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture
def index_command(fresh_environment, tmp_path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """`live-intent index` with these arguments, started in the test's folder."""
    started: list[subprocess.Popen[str]] = []

    def command(*arguments: object) -> "subprocess.Popen[str]":
        started.append(start(fresh_environment, "index", *arguments, folder=tmp_path))
        return started[-1]

    yield command
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def finish(process: "subprocess.Popen[str]", stdin: str | None = None) -> tuple[int, str, str]:
    """Wait for the end of a process; return its exit code, output and error output."""
    out, err = process.communicate(stdin, timeout=180)
    return process.returncode, out, err


def test_rebuild_update_status_and_rollback(index_command, client, fresh_names, tmp_path):
    (tmp_path / "shop.csv").write_text(
        'sku;name;color\n1;Red phone;red\n2;"Blue; phone";blue\n3;;none\n4;Hose;\n'
    )
    (tmp_path / "shop.toml").write_text(
        '[fields]\nitem_id = "sku"\nattributes.colour = "color"\n[constants]\ncurrency = "USD"\n'
    )
    options = ["--mapping", "shop.toml", "--map", "title=name"]
    code, out, err = finish(index_command("rebuild", "shop.csv", *options, "--max-rejects", "1"))
    assert code == 0, err
    assert "1 bad rows left out, see shop.csv.rejects.jsonl" in out
    assert "encode and index: 3 items" in err
    reject = json.loads((tmp_path / "shop.csv.rejects.jsonl").read_text())
    assert reject == {"line": 4, "reason": "title is missing", "raw": "3;;none"}
    assert source(client, fresh_names, "2")["attributes"] == {"colour": "blue"}
    assert source(client, fresh_names, "2")["currency"] == "USD"
    first = alias_target(client, fresh_names)

    code, _, err = finish(index_command("rebuild", "shop.csv", *options, "--max-rejects", "0"))
    assert code == 6
    assert "Error: at least 1 rows are bad, more than --max-rejects 0 allows" in err

    row = '{"item_id": "9", "title": "From standard input"}\n'
    code, out, err = finish(index_command("upsert", "-", "--json"), row)
    assert code == 0, err
    assert json.loads(out)["written"] == 1
    code, out, err = finish(index_command("delete", "1", "77"))
    assert (code, out.splitlines()[1]) == (0, "1 were not there: 77"), err

    code, out, err = finish(index_command("rebuild", "-", "--quiet"), row)
    assert code == 0, err
    assert err == ""
    assert f"back to {first}: live-intent index rollback" in out
    code, out, err = finish(index_command("status", "--json"))
    assert [each["role"] for each in json.loads(out)["indexes"]] == ["live", "earlier"], err
    code, out, err = finish(index_command("rollback"))
    assert code == 0, err
    assert alias_target(client, fresh_names) == first
    code, out, _ = finish(index_command("status"))
    assert "later" in out


def test_dry_run_missing_file_and_unreachable_cluster(index_command, client, fresh_names, tmp_path):
    write_catalogue(tmp_path / "catalogue.jsonl", range(5))
    code, out, err = finish(index_command("rebuild", "catalogue.jsonl", "--dry-run"))
    assert code == 0, err
    assert out.startswith("5 items in 5 rows; nothing was written")
    code, _, err = finish(index_command("rebuild", "none.jsonl"))
    assert code == 2
    assert "the catalogue none.jsonl can't be opened" in err
    code, _, err = finish(
        index_command("rebuild", "catalogue.jsonl", "--url", "http://127.0.0.1:9")
    )
    assert code == 3
    assert "does not answer" in err
    assert indexes(client, fresh_names) == []


@pytest.fixture
def interrupted_rebuild(index_command, run_rebuild, client, fresh_names, catalogue, tmp_path):
    """A live index, and a rebuild as a process that is kept in its fill."""
    live = run_rebuild(catalogue).index
    large = write_catalogue(tmp_path / "large.jsonl", range(6000))
    process = index_command("rebuild", large)
    wait_until(lambda: len(indexes(client, fresh_names)) == 2, 120, process)
    # The engine answers 429 from here on, so that the fill can't be over before the signal.
    client.indices.put_settings(index=fresh_names.items_building, body={BUSY: True})
    return live, process


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_rebuild_leaves_alias_and_indexes_as_they_were(
    interrupted_rebuild, client, fresh_names, number, exit_code
):
    live, process = interrupted_rebuild
    process.send_signal(number)
    code, _, err = finish(process)
    assert code == exit_code, err
    assert f"stopped by {number.name}; {fresh_names.items} points at {live}" in err
    assert indexes(client, fresh_names) == [live]
    assert alias_target(client, fresh_names) == live


def test_the_next_rebuild_discards_the_half_built_index_of_a_killed_one(
    interrupted_rebuild, run_rebuild, client, fresh_names, fresh_context, catalogue
):
    live, process = interrupted_rebuild
    process.kill()
    process.wait()
    assert alias_target(client, fresh_names) == live
    [half_built] = [index for index in indexes(client, fresh_names) if index != live]
    status = read_status(client, fresh_names, fresh_context.bundles_dir)
    assert {each.index: each.role for each in status.indexes} == {
        live: "live",
        half_built: "left behind",
    }
    progress = NotedProgress()
    report = run_rebuild(catalogue, progress=progress)
    assert any(f"discarded {half_built}, half made" in note for note in progress.notes)
    assert indexes(client, fresh_names) == [live, report.index]
