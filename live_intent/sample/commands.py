"""The command `live-intent sample`."""

from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--scenario",
    type=click.Choice(["shop", "feed", "video"]),
    default="shop",
    show_default=True,
    help="What to write: the shop's items, the posts of a feed, or films.",
)
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
def sample(
    *, out: Path, scenario: str, visits: Path | None, images: Path | None, users: int, seed: int
) -> None:
    """Write a sample catalogue to the file OUT as JSON lines: a shop of some 3,000 items, 312 posts
    or 240 films.

    The items are the same on every run. Simulated visits show how learning works, never how good
    it is.
    """
    from live_intent.sample.pictures import write_pictures
    from live_intent.sample.samples import SAMPLES
    from live_intent.sample.visits import write_visits

    if visits is not None and scenario != "shop":
        raise click.UsageError("--visits are visits to the shop: leave --scenario out")
    chosen = SAMPLES[scenario]
    out.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"{chosen.write(out):,} items written to {out}")
    if images is not None:
        click.echo(f"{write_pictures(images, chosen.pictures())} pictures drawn into {images}")
    if visits is not None:
        for name, count in write_visits(visits, users, seed).items():
            click.echo(f"{count:,} rows of SIMULATED visits written to {visits / name}")
