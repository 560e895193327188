"""The command `live-intent sample`."""

from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def sample(out: Path) -> None:
    """Write the sample catalogue, some 3,000 items, to the file OUT as JSON lines.

    The items are the same on every run.
    """
    from live_intent.sample_catalogue import write_sample

    out.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"{write_sample(out):,} items written to {out}")
