"""`live-intent rules`, and the example of docs/rules.md, as a merchandiser uses them."""

import re
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import MARK, IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import invoke, run
from tests.integration.documentation import read_page, shell_commands
from tests.integration.rule_shop import rule_api
from tests.integration.serving import item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
PIN = """[[rules]]
id = "{id}"
when.query.is = "desk lamp"
then.pin = [{{ item_id = "{item}", position = 1 }}]
"""


@pytest.fixture(scope="module", autouse=True)
def _shop(rule_shop: ClusterSettings) -> None:
    """Each test finds the shop's items."""


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_page_is_checked_tried_applied_listed_and_undone(
    environment: dict[str, str],
    tmp_path: Path,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    client: OpenSearch,
    names: IndexNames,
) -> None:
    page = read_page("docs/rules.md")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    write(tmp_path, example)
    check, trial, apply, show, rollback = shell_commands(page)
    with rule_api(cluster_settings, encoder) as api:

        def typed(command: str) -> str:
            words = re.findall(r'"[^"]*"|\S+', command.removeprefix("live-intent "))
            ended = run(environment, *(word.strip('"') for word in words), folder=tmp_path)
            assert ended.returncode == 0, ended.stderr
            assert "error" not in ended.stderr
            return ended.stdout

        assert typed(check) == "6 rules: no errors, 0 warnings\n"
        tried = typed(trial)
        assert re.search(r"^  1 .*\^ lamp-07 ", tried, re.MULTILINE) or "+ lamp-07" in tried
        assert (
            "lamps-of-the-week “Lamps of the week”: pinned lamp-07 at 1; pinned lamp-12 at 3"
            in (tried)
        )
        assert api.search("desk lamp", "s")["rules_applied"] == []  # a trial applies nothing
        assert "version 1 is in force: 6 rules" in typed(apply)
        wait_until(lambda: item_ids(api.search("Reading-Lamp", "s"))[0] == "lamp-07")
        assert item_ids(api.search("desk lamp", "s"))[2] == "lamp-12"
        light = api.search("lamp", "s", size=100, filters={"category": "Home > Light"})
        assert "lamp-40" not in item_ids(light)
        assert not any(hit["source"]["attributes"]["watts"] == 4 for hit in light["hits"])
        sprinkler = api.search("lawn sprinkler", "s", size=100)
        assert len([i for i in item_ids(sprinkler) if i.startswith("hose")]) == 20
        assert api.search("Send back!", "s")["redirect"] == "/pages/returns"
        body = {"session_id": "new-one", "deadline_ms": 20_000}
        assert api("POST", "/v1/recommend", body).body["banners"][0]["rule_id"] == "welcome"
        api.event("purchase", "lamp-01", "fan")
        assert api.search("hose", "fan")["banners"][0]["rule_id"] == "fans-of-acme"
        listed = typed(show)
        assert "lamps-of-the-week  Lamps of the week  pin, boost" in listed
        assert "* version 1" in listed
        assert "version 2 is in force, as version 0 was: 0 rules" in typed(rollback)
        wait_until(lambda: api.search("desk lamp", "s")["rules_applied"] == [])
        assert client.indices.get(index=names.rules)[names.rules]["mappings"]["_meta"] == MARK


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ('then.redirect = "javascript:x()"', "redirect: a path of the shop (/pages/sale) or"),
        ('when.window = {from = "soon"}', "from: a date or a time is wanted: 2026-01-31"),
        ('name = "a\\nb"', "name: a text without line breaks"),
    ],
)
def test_a_wrong_text_is_said_in_words(
    environment: dict[str, str], tmp_path: Path, part: str, message: str
) -> None:
    lines = ("[[rules]]", 'id = "one"', part, 'when.scenario = "shop"', "then.banner = {a = 1}")
    ended = invoke(environment, "rules", "check", write(tmp_path, "\n".join(lines)))
    assert ended.exit_code == 2
    assert message in ended.stderr


def test_a_file_with_errors_changes_nothing_and_ends_with_2(
    environment: dict[str, str], tmp_path: Path
) -> None:
    good = write(tmp_path, PIN.format(id="good", item="lamp-01"))
    assert invoke(environment, "rules", "apply", good).exit_code == 0
    before = invoke(environment, "rules", "list").stdout
    bad = write(tmp_path, PIN.format(id="good", item="lamp-01") + PIN.format(id="bad", item="no"))
    for command in ("check", "apply"):
        ended = invoke(environment, "rules", command, bad)
        assert ended.exit_code == 2
        assert "rules.toml:8: error: rule “bad”: the index has no item no" in ended.stderr
        assert "rules.toml:8: error: rule “bad”: the rule “good” pins lamp-01 at 1 too" in (
            ended.stderr
        )
    assert invoke(environment, "rules", "list").stdout == before
    tried = invoke(environment, "rules", "try", "desk lamp", "--file", bad)
    assert tried.exit_code == 0, tried.stderr
    assert "did not pin no" in tried.stdout


@pytest.mark.parametrize(
    ("then", "line", "problem"),
    [
        ('filters = { brand = "Bolt" }', 4, "error: rule “r”: the filter of this rule leaves"),
        ('hide = { filters = { brand = "Acme" } }', 4, "error: rule “r”: the hiding of this rule"),
        ('filters = { attributes = { volts = 3 } }', 5, "error: rule “r”: volts: there is no such"),
        ('boost = [{ filters = { category = "Lights" } }]', 5, "error: rule “r”: category: no"),
        ('boost = [{ filters = { brand = "Acmee" } }]', 5, "warning: rule “r”: brand: no item has"),
        ('hide = { item_ids = ["gone"] }', 5, "warning: rule “r”: item_ids: the index has no item"),
        ('filters = { price = { gt = 9000 } }', 4, "error: rule “r”: the filter of this rule"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_the_items_is_said_with_its_line(
    environment: dict[str, str], tmp_path: Path, then: str, line: int, problem: str
) -> None:
    pin = 'then.pin = [{ item_id = "lamp-01", position = 1 }]'
    text = f'[[rules]]\nid = "r"\nwhen.query.is = "lamp"\n{pin}\nthen.{then}\n'
    ended = invoke(environment, "rules", "check", write(tmp_path, text))
    assert f"rules.toml:{line}: {problem}" in ended.stderr, ended.stderr
    assert ended.exit_code == (2 if problem.startswith("error") else 0)


def test_a_pin_that_the_condition_or_another_rule_leaves_out_is_an_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    text = """[[rules]]
id = "wrong-page"
when.category = "Garden"
then.pin = [{ item_id = "lamp-01", position = 1 }]
[[rules]]
id = "pin"
when.query.is = "lamp"
then.pin = [{ item_id = "lamp-02", position = 2 }]
[[rules]]
id = "bolt-only"
when.query.contains = "lamp"
then.filters = { brand = "Bolt" }
"""
    ended = invoke(environment, "rules", "check", write(tmp_path, text))
    assert "toml:4: error: rule “wrong-page”: the condition of this rule leaves lamp-01" in (
        ended.stderr
    )
    assert "toml:8: error: rule “pin”: the filter of the rule “bolt-only” leaves lamp-02" in (
        ended.stderr
    )


def test_versions_and_wrong_options_end_with_their_codes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for item in ("lamp-01", "lamp-02"):
        path = write(tmp_path, PIN.format(id="a", item=item))
        assert invoke(environment, "rules", "apply", path).exit_code == 0
    number = int(re.findall(r"\* version (\d+)", invoke(environment, "rules", "list").stdout)[0])
    ended = invoke(environment, "rules", "rollback", "--to", number - 1)
    assert f"version {number + 1} is in force, as version {number - 1} was" in ended.stdout
    unknown = invoke(environment, "rules", "rollback", "--to", 999)
    assert (unknown.exit_code, "no version 999" in unknown.stderr) == (4, True)
    assert invoke(environment, "rules", "check", tmp_path / "none.toml").exit_code == 2
    wrong = invoke(environment, "rules", "try", "x", "--at", "2026-11-27")
    assert (wrong.exit_code, "has no zone" in wrong.stderr) == (2, True)
    down = environment | {"LIVE_INTENT_OPENSEARCH_URL": "http://127.0.0.1:9"}
    assert invoke(down, "rules", "list").exit_code == 3


def test_an_index_of_rules_that_others_made_is_neither_read_nor_written(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    client.indices.create(index=fresh_names.rules, body={})
    path = write(tmp_path, PIN.format(id="a", item="x"))
    text = path.read_text(encoding="utf-8").replace(
        "then.pin", "then.hide = { item_ids = ['x'] } #"
    )
    for command in (("apply", write(tmp_path, text)), ("list",)):
        ended = invoke(fresh_environment, "rules", *command)
        assert (ended.exit_code, f"did not make the index {fresh_names.rules}" in ended.stderr) == (
            4,
            True,
        )
    assert client.count(index=fresh_names.rules)["count"] == 0
    refused = invoke(fresh_environment, "config", "apply")
    assert (refused.exit_code, fresh_names.rules in refused.stderr) == (4, True)
