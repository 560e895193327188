"""A long trial on a node of its own: python -m benchmarks.chaos --minutes 10 --seed 1.

The node and its data are removed at the end. Ends with status 1 where anything is lost or doubled.
"""

import os
import random
import secrets
import signal
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks.chaos.faults import Fault, Stage
from benchmarks.chaos.faulty_proxy import FaultyProxy
from benchmarks.chaos.trial import catalogue_lines, trial
from benchmarks.chaos.visitors import Ledger
from live_intent.demo.service import BackgroundService
from plugin_config.connection.client import connect
from plugin_config.node import local_node
from plugin_config.node.node_process import free_port
from plugin_config.node.node_records import NodeInfo
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

SERVICES = 2


def node_faults(info: NodeInfo, state: Path, choice: random.Random) -> dict[str, Fault]:
    """What only a node of one's own bears."""
    running = [info]

    def hangs(seconds: float) -> None:
        os.kill(running[0].pid, signal.SIGSTOP)
        try:
            time.sleep(seconds * choice.choice((1, 4)))
        finally:
            os.kill(running[0].pid, signal.SIGCONT)

    def killed(seconds: float) -> None:
        os.kill(running[0].pid, signal.SIGKILL)
        time.sleep(seconds)
        running[0] = local_node.start(info.name, state_dir=state, timeout_s=600, heap="768m")

    return {"the node hangs": hangs, "the node killed and started again": killed}


@click.command(help=__doc__)
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--seed", default=lambda: secrets.randbelow(10**6), type=int)
def main(minutes: float, seed: int) -> None:
    state = load(ClusterSettings).state_dir
    name = f"chaos-{secrets.token_hex(3)}"
    choice = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = local_node.start(name, free_port(), state, heap="768m", report=click.echo)
        stack.callback(local_node.stop, name, state, remove=True)
        proxy = FaultyProxy(node.url)
        stack.callback(proxy.close)
        names = IndexNames("chaos-")
        environment = dict(os.environ) | {
            "LIVE_INTENT_OPENSEARCH_URL": node.url,
            "LIVE_INTENT_INDEX_PREFIX": names.prefix,
            "LIVE_INTENT_STATE_DIR": str(folder),
            "LIVE_INTENT_ITEM_WRITES": "true",
            "LIVE_INTENT_SESSION_MAX_EVENTS": "1000",
            "LIVE_INTENT_USER_MAX_EVENTS": "1000",
        }
        catalogue = folder / "items.jsonl"
        catalogue.write_text(catalogue_lines(), encoding="utf-8")
        client = connect(load(ClusterSettings, opensearch_url=node.url, opensearch_timeout_s=60.0))
        stage = Stage(
            client=client,
            names=names,
            proxy=proxy,
            service_pids=[],
            catalogue=catalogue,
            environment=environment,
            choice=choice,
            ledger=Ledger(),
        )
        stage.faults()["the index rebuilt, and its alias swapped"](0)
        services = []
        for number in range(SERVICES):
            home = folder / f"service-{number}"
            home.mkdir()
            service = BackgroundService(home)
            stack.callback(service.stop)
            through = environment | {"LIVE_INTENT_OPENSEARCH_URL": proxy.url}
            services.append(service.start(free_port(), through))
        stage.service_pids.extend(service.pid for service in services)
        faults = stage.faults() | node_faults(node, state, choice)
        outcome = trial(
            stage,
            [service.url for service in services],
            seed,
            list(faults.items()),
            lambda line: click.echo(f"{time.strftime('%H:%M:%S')} {line}"),
            until=time.monotonic() + minutes * 60,
            longest_s=4.0,
        )
        click.echo(str(outcome))
        raise SystemExit(1 if outcome.problems else 0)


if __name__ == "__main__":
    main()
