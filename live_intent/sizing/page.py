"""The tables of docs/sizing.md, between marks, so that they are what the command prints."""

from pathlib import Path

from live_intent.sizing.costs import Costs
from live_intent.sizing.table import PAGE_DEMANDS, memory_table, page_table

PAGE = Path(__file__).parents[2] / "docs" / "sizing.md"


def with_tables(text: str) -> str:
    """The page's text with each table between its marks `<!-- name -->` replaced."""
    costs = Costs()
    tables = {
        "figures": page_table(PAGE_DEMANDS, costs),
        "memory": memory_table(PAGE_DEMANDS, costs),
        "constants": [f"- {line}" for line in costs.lines()],
    }
    for name, lines in tables.items():
        head, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition("<!-- end -->")
        text = head + mark + "".join(f"{line}\n" for line in lines) + end + tail
    return text


def write() -> None:
    """Writes the page."""
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
