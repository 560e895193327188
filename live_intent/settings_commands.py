"""The command `live-intent settings`."""

import click


@click.command()
@click.option("--changed", is_flag=True, help="Only those that the environment sets.")
def settings(changed: bool) -> None:
    """Show every setting, its value, and where the value comes from."""
    from live_intent.settings_listing import listing

    rows = [row for row in listing() if not changed or row.origin == "environment"]
    width = max((len(row.variable) for row in rows), default=0)
    group = ""
    for row in rows:
        if row.group != group:
            click.echo(("\n" if group else "") + f"{row.group}:")
            group = row.group
        origin = "" if row.origin == "default" else f"   ({row.origin})"
        click.echo(f"  {row.variable:<{width}}  {row.value}{origin}")
