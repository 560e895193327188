"""The command `live-intent rules`: check, apply, list, roll back and try merchandisers' rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from query_service.rules.rule_problem import RuleProblem
    from query_service.rules.rule_store import RuleStore, RuleVersion
    from query_service.rules.rules_file import RulesFile

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class _Cluster:
    store: RuleStore

    def checked(self, path: Path) -> tuple[RulesFile, list[RuleProblem]]:
        """The rules of a file, and their problems, shown. Raises RulesRefused for errors."""
        from query_service.rules.rules_file import RulesFile

        file = RulesFile.read(path)
        problems = self.store.problems(file.rules)
        file.refuse_errors(problems)
        for line in file.texts(problems):
            click.echo(line, err=True)
        return file, problems


@contextmanager
def rule_cluster(*, writing: bool = False) -> Iterator[_Cluster]:
    """The settings' cluster; `writing` says where that is."""
    from plugin_config.connection.command_cluster import command_cluster
    from query_service.rules.rule_store import RuleStore

    with command_cluster("rules" if writing else "") as (client, names):
        yield _Cluster(RuleStore(client, names))


@click.group()
def rules() -> None:
    """Merchandisers' rules: pin, boost, hide, filter, redirect, by query, visitor and time."""


@rules.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check the rules of FILE as a whole, on the live items too; nothing is changed."""
    with rule_cluster() as cluster:
        read, problems = cluster.checked(file)
    click.echo(f"{_count(len(read.rules.rules))}: no errors, {len(problems)} warnings")


@rules.command()
@click.argument("file", type=FILE)
def apply(file: Path) -> None:
    """Check the rules of FILE, and put them in force in place of all others."""
    with rule_cluster(writing=True) as cluster:
        read, _ = cluster.checked(file)
        version = cluster.store.write(read.rules, str(file))
    click.echo(f"version {version.number} is in force: {_counts(version)}")


@rules.command(name="list")
def list_() -> None:
    """Show the rules in force, and the versions that there were."""
    with rule_cluster() as cluster:
        current = cluster.store.current()
        in_force = cluster.store.read(current.number)
        versions = cluster.store.versions()
    for rule in in_force.rules:
        parts = ", ".join(rule.then.model_dump(exclude_none=True))
        click.echo(f"{rule.id}  {rule.name}  {parts}" + ("" if rule.enabled else "  (disabled)"))
    if not in_force.rules:
        click.echo("no rules are in force")
    for version in versions:
        mark = "*" if version.number == current.number else " "
        click.echo(f"{mark} {_described(version)}")


@rules.command()
@click.option("--to", "number", type=click.IntRange(min=0), help="Default: the one before.")
def rollback(number: int | None) -> None:
    """Put an earlier version in force again, as a new version; 0: no rules, no synonyms."""
    with rule_cluster(writing=True) as cluster:
        current = cluster.store.current()
        wanted = max(current.number - 1, 0) if number is None else number
        rules, synonyms = cluster.store.read(wanted), cluster.store.synonyms(wanted)
        version = cluster.store.write(rules, f"version {wanted}", synonyms)
    click.echo(f"version {version.number} is in force, as version {wanted} was: {_counts(version)}")


@rules.command(name="try")
@click.argument("query", required=False)
@click.option("--file", type=FILE, help="Rules not yet applied; default: those in force.")
@click.option("--session", "session_id", default="rules-try", help="Of which visitor.")
@click.option("--user", "user_id", help="Of which user.")
@click.option("--scenario", type=click.Choice(["shop", "feed", "video"]), default="shop")
@click.option("--category", multiple=True, help="Filter by this category; repeatable.")
@click.option("--brand", multiple=True, help="Filter by this brand; repeatable.")
@click.option("--size", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--at", help="As if it were then: 2026-11-27T09:00:00+01:00.")
def try_(
    *,
    query: str | None,
    file: Path | None,
    session_id: str,
    user_id: str | None,
    scenario: str,
    category: tuple[str, ...],
    brand: tuple[str, ...],
    size: int,
    at: str | None,
) -> None:
    """Show the hits for QUERY (without: a recommendation) before and after the rules.

    Nothing is stored of the query.
    """
    from query_service.cli.rule_trial import RuleTrial, side_by_side

    with rule_cluster() as cluster:
        if file is None:
            rules = cluster.store.read(cluster.store.current().number)
        else:
            from query_service.rules.rules_file import RulesFile

            read = RulesFile.read(file)
            rules = read.rules
            for line in read.texts(cluster.store.problems(rules)):
                click.echo(line, err=True)
    filters = {name: list(v) for name, v in (("category", category), ("brand", brand)) if v}
    fields = {
        "session_id": session_id, "user_id": user_id, "scenario": scenario, "size": size,
        "filters": filters or None, "explain": True, "deadline_ms": 60_000,
    }  # fmt: skip
    if query:
        fields["query"] = query
    before, after = RuleTrial(rules, _timestamp(at)).run(fields)
    for row in side_by_side(before, after):
        click.echo(row)


def _timestamp(at: str | None) -> float | None:
    if at is None:
        return None
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        raise click.BadParameter(
            f"{at!r}: write 2026-11-27T09:00:00+01:00", param_hint="--at"
        ) from None
    if time.tzinfo is None:
        raise click.BadParameter(f"{at!r} has no zone: write {at}Z for UTC", param_hint="--at")
    return time.timestamp()


def _count(number: int) -> str:
    return "1 rule" if number == 1 else f"{number} rules"


def _described(version: RuleVersion) -> str:
    return (
        f"version {version.number}  {version.applied_at}  {_counts(version)}  from {version.origin}"
    )


def _counts(version: RuleVersion) -> str:
    if not version.synonyms:
        return _count(version.count)
    lines = "1 line" if version.synonyms == 1 else f"{version.synonyms} lines"
    return f"{_count(version.count)}, {lines} of synonyms"
