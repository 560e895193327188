"""The table of docs/privacy.md: what is kept where a visitor refuses something, as observed.

Each run compares what it saw with the table, or writes it again: LIVE_INTENT_TEST_PRIVACY=write.
"""

import os
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "privacy.md"
HEADER = (
    "what is said", "answers read the session", "history of session and user", "`ubi_queries`",
    "`ubi_events`", "suggestions and training", "`explain`",
)  # fmt: skip


class KeptTable:
    """What one run observed, by what was said."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    def note(self, *cells: str) -> None:
        """Note one row."""
        assert len(cells) == len(HEADER)
        self.rows.append(cells)

    def settle(self) -> None:
        """Write the rows to the document, if that is wanted; else they are equal to its."""
        text = DOCUMENT.read_text(encoding="utf-8")
        before, _, rest = text.partition(_line(HEADER))
        table, _, after = rest.partition("\n\n")
        lines = [_line(HEADER), _line("---" for _ in HEADER), *map(_line, self.rows)]
        if os.environ.get("LIVE_INTENT_TEST_PRIVACY") == "write":
            DOCUMENT.write_text(before + "\n".join(lines) + f"\n\n{after}", encoding="utf-8")
        else:
            assert (_line(HEADER) + table).splitlines() == lines, "scripts/privacy writes the table"


def _line(cells: object) -> str:
    return "| " + " | ".join(cells) + " |"  # type: ignore[call-overload]
