"""The command `live-intent synonyms`: words that count as others in a query, of one index."""

from __future__ import annotations

from pathlib import Path

import click

from query_service.cli.rule_commands import FILE, rule_cluster


@click.group()
def synonyms() -> None:
    """Words that count as others in a query, in force within seconds and without a rebuild."""


@synonyms.command(name="set")
@click.argument("file", type=FILE)
def set_(file: Path) -> None:
    """Check FILE as a whole, and put its synonyms in force in place of all others.

    A line is `a, b, c` (each finds the others) or `a, b => c` (a and b find c too).
    """
    from query_service.rules.synonyms import Synonyms

    read = Synonyms.read(file)
    with rule_cluster(writing=True) as cluster:
        version = cluster.store.write(None, f"synonyms of {file}", synonyms=read.lines)
    click.echo(f"version {version.number} is in force: {_count(len(read.lines))}")


@synonyms.command()
def show() -> None:
    """Show the synonyms in force, as lines of a file."""
    with rule_cluster() as cluster:
        lines = cluster.store.synonyms(cluster.store.current().number)
    for line in lines:
        click.echo(line)
    click.echo(f"{_count(len(lines))} in force", err=True)


@synonyms.command()
def clear() -> None:
    """Remove all synonyms; live-intent rules rollback takes it back."""
    with rule_cluster(writing=True) as cluster:
        version = cluster.store.write(None, "synonyms cleared", synonyms=())
    click.echo(f"version {version.number} is in force: no synonyms")


def _count(number: int) -> str:
    return "1 line of synonyms" if number == 1 else f"{number} lines of synonyms"
