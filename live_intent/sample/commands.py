"""The command `live-intent sample`."""

from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--visits",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write SIMULATED visits to this shop into DIR: sequences, rows and a log, as "
    "`learn` and `evaluate` read them.",
)
@click.option(
    "--images",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also draw the items' pictures into DIR, which LIVE_INTENT_IMAGES=DIR serves.",
)
@click.option(
    "--users",
    type=click.IntRange(1, 100_000),
    default=2000,
    show_default=True,
    help="How many visitors are simulated.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the visits.")
def sample(out: Path, visits: Path | None, images: Path | None, users: int, seed: int) -> None:
    """Write the sample catalogue, some 3,000 items, to the file OUT as JSON lines.

    The items are the same on every run. Simulated visits show how learning works, never how good
    it is.
    """
    from live_intent.sample.catalogue import sample_items, write_sample
    from live_intent.sample.pictures import write_pictures
    from live_intent.sample.visits import write_visits

    out.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"{write_sample(out):,} items written to {out}")
    if images is not None:
        click.echo(f"{write_pictures(images, sample_items())} pictures drawn into {images}")
    if visits is not None:
        for name, count in write_visits(visits, users, seed).items():
            click.echo(f"{count:,} rows of SIMULATED visits written to {visits / name}")
