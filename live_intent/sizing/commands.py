"""The command `live-intent size`: what an installation of some size takes."""

import json
from typing import TYPE_CHECKING

import click

from plugin_config.errors import SettingsError

if TYPE_CHECKING:
    from plugin_config.quantization import QuantizationName


@click.command()
@click.option("--items", required=True, metavar="N", help="Items: 20000, 1.5M, 100M, 1B.")
@click.option("--qps", required=True, type=float, help="Searches a second, at the peak.")
@click.option("--dim", default=384, show_default=True, help="Dimensions of an item vector.")
@click.option("--quantization", default="none", show_default=True, help="As of the index.")
@click.option("--hnsw-m", "m", default=16, show_default=True, help="Links of a vector.")
@click.option("--replicas", default=1, show_default=True, help="Copies beside the primary.")
@click.option(
    "--generations",
    default=4,
    show_default=True,
    help="Items indexes on disk at a time: live, being filled, and LIVE_INTENT_KEEP_INDEXES (2).",
)
@click.option(
    "--encode-rate", type=float, help="Items a second that yours encodes [as measured on a core]."
)
@click.option("--node-gib", default=64, show_default=True, help="Memory of a data node.")
@click.option("--node-cores", default=16, show_default=True, help="Cores of a data node.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def size(
    *,
    items: str,
    qps: float,
    dim: int,
    quantization: str,
    m: int,
    replicas: int,
    generations: int,
    encode_rate: float | None,
    node_gib: int,
    node_cores: int,
    as_json: bool,
) -> None:
    """Estimate memory, disk, nodes and hours of encoding, from measured cost per item and search.

    Each line names its formula, and below the table each constant where it is from. It is
    arithmetic: load-test yours before you buy.
    """
    from live_intent.sizing import installation
    from live_intent.sizing.amount import amount
    from live_intent.sizing.costs import Costs
    from live_intent.sizing.table import lines

    name = _quantization(quantization)
    for option, value, lowest, highest in (
        ("--qps", qps, 0.001, 1e7),
        ("--dim", dim, 1, 16_000),
        ("--hnsw-m", m, 2, 100),
        ("--replicas", replicas, 0, 20),
        ("--generations", generations, 1, 101),
        ("--encode-rate", 1 if encode_rate is None else encode_rate, 0.001, 1e9),
        ("--node-gib", node_gib, 4, 24_576),
        ("--node-cores", node_cores, 1, 1024),
    ):
        if not lowest <= value <= highest:  # nan too
            raise SettingsError(f"{option} {value:g}: allowed is {lowest:g} to {highest:g}")
    demand = installation.Demand(
        items=amount(items, "--items"), qps=qps, dim=dim, quantization=name, m=m,
        replicas=replicas, generations=generations, encode_rate=encode_rate or 0.0,
        node_gib=node_gib, node_cores=node_cores,
    )  # fmt: skip
    costs = Costs()
    if as_json:
        click.echo(json.dumps(installation.as_json(demand, costs), indent=2))
        return
    click.echo("\n".join(lines(demand, costs)))


def _quantization(name: str) -> "QuantizationName":
    from plugin_config.quantization import QUANTIZATIONS

    for known in QUANTIZATIONS:
        if known == name:
            return known
    raise SettingsError(f"--quantization {name}: allowed are {', '.join(QUANTIZATIONS)}")
