from dataclasses import dataclass

import click
from click.testing import CliRunner

from plugin_config.option_groups import option_group


@dataclass(frozen=True)
class Size:
    width: int
    height: int | None


size_options = option_group(
    "size",
    Size,
    click.option("--width", default=3, help="How wide."),
    click.option("--height", type=int, help="How high."),
)


@click.command()
@click.argument("name")
@size_options
@click.option("--colour", default="red")
@click.pass_obj
def draw(context: str, /, name: str, size: Size, colour: str) -> None:
    click.echo(f"{context} {name} {size} {colour}")


def test_a_command_gets_a_group_as_one_value() -> None:
    result = CliRunner().invoke(draw, ["box", "--height", "4"], obj="here")
    assert result.output == "here box Size(width=3, height=4) red\n"


def test_the_help_has_the_options_where_the_group_is() -> None:
    text = CliRunner().invoke(draw, ["--help"]).output
    assert text.index("--width") < text.index("--height") < text.index("--colour")
