"""The command `live-intent experiment`: start, look at, and stop an experiment on live visitors."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from indexer.encoder_spec import EncoderSpec
    from plugin_config.schema import IndexNames
    from query_service.experiments.experiment_store import ExperimentStore
    from query_service.schemas.administration.experiments import Experiment

_VARIANT = "KEY=VALUE of this variant, repeatable: alpha, beta, demand, diversity (0 to 1), "
_VARIANT += "personalize (true, false), rules (a version; 0: none), bundle (a folder, or none)."
_CLICK_ACTION = "Action that is a click on an item shown; repeatable [click]."


@dataclass(frozen=True)
class _Cluster:
    client: OpenSearch
    names: IndexNames
    store: ExperimentStore

    def encoder_spec(self) -> EncoderSpec:
        """That of the live index's vectors. Raises ExperimentRefused where there is no such."""
        from indexer.encoder_spec import EncoderSpec
        from plugin_config.schema import META
        from query_service.experiments.experiment_store import ExperimentRefused

        found = self.client.indices.get_mapping(index=self.names.items, ignore=[404])
        for name in found if "error" not in found else ():
            meta = found[name]["mappings"].get("_meta", {}).get(META, {})
            if "encoder" in meta:
                return EncoderSpec.from_meta(meta["encoder"])
        raise ExperimentRefused(
            f"there is no index behind {self.names.items} that a bundle could be for: make one "
            "with live-intent index rebuild CATALOGUE"
        )

    def result(self, experiment: Experiment, click_actions: Sequence[str]) -> dict[str, Any]:
        from learning.data.participants import CLICK, read_participants
        from learning.evaluation.experiments.result import result_of

        actions = tuple(click_actions) or (CLICK,)
        join = read_participants(
            self.client, self.names, experiment.id, experiment.started, actions
        )
        result = result_of(experiment, join.participants(), time.time()).as_json
        return result | {"events_left_out": dict(join.left_out)}


@contextmanager
def _cluster(*, writing: bool = False) -> Iterator[_Cluster]:
    """The settings' cluster; `writing` says where that is."""
    from opensearchpy.exceptions import OpenSearchException

    from plugin_config.connection.client import cluster_unavailable
    from plugin_config.connection.command_cluster import command_cluster
    from query_service.experiments.experiment_store import ExperimentStore

    with command_cluster("experiments" if writing else "") as (client, names):
        try:
            yield _Cluster(client, names, ExperimentStore(client, names))
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error


@click.group()
def experiment() -> None:
    """Compare two configurations on live visitors; one experiment runs at a time."""


@experiment.command()
@click.argument("name")
@click.option("--a", "a", multiple=True, metavar="KEY=VALUE", help="As --b; default: as set.")
@click.option("--b", "b", multiple=True, metavar="KEY=VALUE", required=True, help=_VARIANT)
@click.option(
    "--interleave", is_flag=True,
    help="Mix both rankings into each answer, and see whose hits are clicked.",
)  # fmt: skip
@click.option("--share", type=float, default=0.5, show_default=True, help="Of variant b.")
@click.option("--traffic", type=float, default=1.0, show_default=True, help="Of the visitors.")
@click.option(
    "--metric", type=click.Choice(["click_through", "mrr", "conversion"]),
    default="click_through", show_default=True, help="The one that decides.",
)  # fmt: skip
@click.option(
    "--window", "window_minutes", type=float, default=1440, show_default=True,
    help="Minutes after a visitor's first query in which what it does counts.",
)  # fmt: skip
@click.option("--max-latency", type=float, help="How much longer b's p95 may be [0.25].")
@click.option("--max-zero-results", type=float, help="How much more often b finds nothing [0.02].")
@click.option("--max-degraded", type=float, help="How much more often b lacks a part [0.02].")
def start(name: str, a: Sequence[str], b: Sequence[str], interleave: bool, **options: Any) -> None:
    """Start the experiment NAME; all processes of the service follow within seconds."""
    from pydantic import ValidationError

    from plugin_config.errors import SettingsError
    from query_service.schemas.administration.experiments import Experiment

    limits = {
        "latency_p95": options.pop("max_latency"),
        "zero_results": options.pop("max_zero_results"),
        "degraded": options.pop("max_degraded"),
    }
    try:
        wanted = Experiment.model_validate({
            "id": name,
            "method": "interleaving" if interleave else "ab",
            "a": _settings(a, "--a"),
            "b": _settings(b, "--b"),
            "limits": {key: value for key, value in limits.items() if value is not None},
            "salt": secrets.token_hex(8),
            "started_at": datetime.now(UTC),
            **options,
        })  # fmt: skip
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(map(str, detail["loc"]))
        raise SettingsError(f"{where} = {detail['input']!r}: {detail['msg']}") from None
    with _cluster(writing=True) as cluster:
        _check_bundles(cluster, wanted)
        _check_rules(cluster, wanted)
        cluster.store.start(wanted)
    click.echo(f"the experiment {name} runs: a ({wanted.a}) against b ({wanted.b})")


@experiment.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--click-action", "click_actions", multiple=True, help=_CLICK_ACTION)
def status(name: str | None, as_json: bool, click_actions: Sequence[str]) -> None:
    """Show what is known of the running experiment, or of the stopped one called NAME.

    Intervals stay valid however often one looks.
    """
    from query_service.experiments.experiment_store import ExperimentRefused

    with _cluster() as cluster:
        running = cluster.store.running()
        if running is not None and name in (None, running.id):
            _show(cluster.result(running, click_actions), as_json, "runs since")
            return
        if name is not None:
            record = cluster.store.record(name)
            if record is None:
                raise ExperimentRefused(
                    f"there is no experiment {name}: live-intent experiment list shows all"
                )
            ended = f"stopped {record.ended_at:%Y-%m-%d %H:%M} UTC, ran since"
            _show(record.result, as_json, ended)
            return
    click.echo("null" if as_json else "no experiment runs")


@experiment.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--click-action", "click_actions", multiple=True, help=_CLICK_ACTION)
def stop(as_json: bool, click_actions: Sequence[str]) -> None:
    """Stop the running experiment; its record keeps the result."""
    from query_service.experiments.experiment_store import ExperimentRefused

    with _cluster(writing=True) as cluster:
        running = cluster.store.running()
        if running is None:
            raise ExperimentRefused("no experiment runs: there is nothing to stop")
        result = cluster.result(running, click_actions)
        cluster.store.stop(running, result)
    _show(result, as_json, "stopped; ran since")


@experiment.command(name="list")
def list_() -> None:
    """Show all experiments, the newest first."""
    with _cluster() as cluster:
        running, records = cluster.store.running(), cluster.store.records()
    if running is not None:
        click.echo(f"* {running.id}  runs since {running.started_at:%Y-%m-%d %H:%M} UTC")
    for record in records:
        until, verdict = f"{record.ended_at:%Y-%m-%d %H:%M} UTC", record.result.get("verdict", "")
        click.echo(f"  {record.experiment.id}  until {until}  {verdict}")
    if running is None and not records:
        click.echo("there are no experiments")


def _show(result: dict[str, Any], as_json: bool, when: str) -> None:
    if as_json:
        click.echo(json.dumps(result, indent=2))
        return
    from learning.evaluation.experiments.status_text import status_lines

    click.echo(f"{result['id']} ({result['method']}) {when} {result['started_at'][:16]} UTC")
    for line in status_lines(result):
        click.echo(line)


def _settings(pairs: Sequence[str], option: str) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise click.BadParameter(f"{pair!r}: write KEY=VALUE, diversity=0.4", param_hint=option)
        settings[key.strip()] = value.strip()
    return settings


def _check_bundles(cluster: _Cluster, experiment: Experiment) -> None:
    """Raises BundleError for a folder that holds no learned bundle, or none for the live index."""
    from pathlib import Path

    from query_service.models import load_models
    from query_service.schemas.administration.experiments import FIXED_MODELS

    for variant in (experiment.a, experiment.b):
        if variant.bundle not in (None, FIXED_MODELS):
            load_models(Path(variant.bundle), cluster.encoder_spec())


def _check_rules(cluster: _Cluster, experiment: Experiment) -> None:
    """Raises VersionUnknown for a version of the rules that there never was."""
    from query_service.rules.rule_store import RuleStore

    store = RuleStore(cluster.client, cluster.names)
    for variant in (experiment.a, experiment.b):
        if variant.rules is not None:
            store.read(variant.rules)
