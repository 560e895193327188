"""`live-intent size`: its arithmetic, its errors, and the page that is made with it."""

import json

import pytest
from click.testing import Result

from live_intent.sizing.amount import amount
from live_intent.sizing.page import PAGE, with_tables
from tests.integration.command_line import invoke, process_environment


def size(*arguments: str) -> Result:
    return invoke(process_environment(), "size", *arguments)


def figures(*arguments: str) -> dict[str, float]:
    result = size(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return {each["name"]: each["value"] for each in json.loads(result.output)["figures"]}


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("20000", 20_000), ("20k", 20_000), ("1.5M", 1_500_000), ("1B", 10**9)],
)
def test_amounts(text: str, number: int) -> None:
    assert amount(text, "--items") == number


def test_figures_follow_from_the_constants() -> None:
    found = figures("--items", "100M", "--qps", "500")
    assert found["memory of a vector"] == pytest.approx(1.1 * (4 * 384 + 8 * 16))
    assert found["memory for vectors"] == pytest.approx(2e8 * 1830.4 / 2**30, rel=1e-3)
    assert found["primary shards"] == 10
    assert found["encoding"] == pytest.approx(1e8 / 750 / 3600)
    assert figures("--items", "100M", "--qps", "500", "--encode-rate", "1e5")[
        "encoding"
    ] == pytest.approx(1e8 / 1e5 / 3600)


def test_quantisation_replicas_and_searches_count() -> None:
    whole = figures("--items", "10M", "--qps", "200")
    int7 = figures("--items", "10M", "--qps", "200", "--quantization", "int7")
    assert int7["memory of a vector"] == pytest.approx(1.1 * (384 + 128))
    assert int7["disk of an item"] - whole["disk of an item"] == 384
    alone = figures("--items", "10M", "--qps", "200", "--replicas", "0")
    assert alone["memory for vectors"] * 2 == pytest.approx(whole["memory for vectors"])
    busy = figures("--items", "10M", "--qps", "400")
    assert busy["cores of data nodes"] == pytest.approx(2 * whole["cores of data nodes"])


def test_the_table_names_each_formula_and_where_each_constant_is_from() -> None:
    output = size("--items", "10M", "--qps", "200").output
    assert "10M items, 200 searches/s" in output
    assert "= graph_links x (32 bits x 384 / 8 + 8 x 16)" in output
    assert "measured: benchmarks.rebuilds.quantization" in output


@pytest.mark.parametrize("items", ["0", "10 M", "1e6", "-5", "M", "ten", "1.5", "10T", "inf", ""])
def test_wrong_items_are_refused_with_what_is_allowed(items: str) -> None:
    result = size("--items", items, "--qps", "5")
    if items == "1.5":
        assert result.exit_code == 0  # two items
        return
    assert result.exit_code != 0
    assert f"--items {items}" in result.output
    assert "100M" in result.output


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--qps", "0"), ("--qps", "nan"), ("--dim", "0"), ("--quantization", "byte"),
        ("--replicas", "-1"), ("--encode-rate", "0"), ("--node-gib", "1"), ("--node-cores", "0"),
        ("--generations", "0"), ("--hnsw-m", "1"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_refused_with_what_is_allowed(option: str, value: str) -> None:
    wanted = {"--items": "1M", "--qps": "5", option: value}
    result = size(*(part for pair in wanted.items() for part in pair))
    assert result.exit_code != 0
    assert f"{option} {value}: allowed" in result.output


def test_the_page_has_what_the_command_prints() -> None:
    text = PAGE.read_text("utf-8")
    assert with_tables(text) == text, "run scripts/sizing"
    output = size("--items", "100M", "--qps", "500").output
    for line in text.splitlines():
        if line.startswith("- graph_links") or line.startswith("- encode_gpu"):
            assert line.removeprefix("- ") in output
