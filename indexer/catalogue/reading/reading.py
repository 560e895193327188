"""How a catalogue file was read: what it was recognised as, what was assumed and left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import Catalogue


@dataclass(frozen=True)
class Reading:
    """`assumed`: about its values. `guessed`: rows with letters in an encoding that was guessed.

    `left_out`: the number of rows that are no items by their own word, by reason.
    """

    format: str
    recognised: str
    assumed: str
    guessed: int
    left_out: Mapping[str, int]

    @classmethod
    def of(cls, catalogue: Catalogue, notes: Notes) -> "Reading":
        """Of a catalogue, after all of its rows were read."""
        recognised = catalogue.recognised
        left_out = dict(notes.left_out.most_common())
        return cls(recognised.format, recognised.shown, catalogue.assumed, notes.guessed, left_out)

    def lines(self) -> list[str]:
        """Lines to read, with the options that decide otherwise."""
        lines = [f"read as: {self.recognised} (--format {self.format})"]
        if self.guessed:
            lines.append(
                f"the encoding was guessed, as the file is not UTF-8: {self.guessed} rows have "
                "letters that depend on it; --encoding names another"
            )
        if self.assumed:
            lines.append(f"assumed: {self.assumed}")
        if self.left_out:
            reasons = ", ".join(f"{reason} ({count})" for reason, count in self.left_out.items())
            lines.append(f"{sum(self.left_out.values())} rows are no items: {reasons}")
        return lines
