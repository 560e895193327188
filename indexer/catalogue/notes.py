"""What became of the rows and values of a catalogue that are in no item."""

from collections import Counter
from dataclasses import dataclass, field

MAX_EXAMPLES = 3  # of unread values, by field


@dataclass
class UnreadValues:
    """Values of one field that could not be read: how many, and the first different ones."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Notes:
    """What became of values that are no field's, or can't be read: the number of rows."""

    private: Counter[str] = field(default_factory=Counter)  # not public, hence not read; by name
    unread: dict[str, UnreadValues] = field(default_factory=dict)  # by field
    overruled: int = 0  # rows that a later one with the same item_id replaces
    columns: set[str] = field(default_factory=set)  # every column of any row
    left_out: Counter[str] = field(default_factory=Counter)  # rows that are no items, by reason
    guessed: int = 0  # rows with letters in an encoding that was guessed

    def add_unread(self, name: str, problem: str) -> None:
        """Counts one value of the field `name` that could not be read."""
        unread = self.unread.setdefault(name, UnreadValues())
        unread.count += 1
        if len(unread.examples) < MAX_EXAMPLES and problem not in unread.examples:
            unread.examples.append(problem)

    def merge_unread(self, other: "Notes") -> None:
        """Adds the unread values of another count."""
        for name, values in other.unread.items():
            unread = self.unread.setdefault(name, UnreadValues())
            unread.count += values.count
            unread.examples += values.examples[: MAX_EXAMPLES - len(unread.examples)]
