"""What a rebuild says of the attributes, before it writes and at its end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from indexer.catalogue.attributes.facets import ATTRIBUTES
from indexer.catalogue.survey.survey import Survey
from plugin_config.attribute_fields import MAX_INDEXED, AttributeType

SHOWN = 40  # names in a line


@dataclass(frozen=True)
class AttributeReport:
    """`public`: the type of each attribute in the index; `private`: the rows of each that is not.

    `mixed`: values of several types, by attribute; it is a text then. `shown_only`: public ones
    beyond the number that filters can use. `unmatched`: public names that no item has. `facets`:
    those that are counted by value.
    """

    public: dict[str, AttributeType]
    private: dict[str, int]
    mixed: dict[str, str]
    shown_only: tuple[str, ...]
    unmatched: tuple[str, ...]
    facets: tuple[str, ...]

    @classmethod
    def of(cls, surveyed: Survey) -> "AttributeReport":
        """From the survey of a catalogue."""
        attributes = surveyed.attributes
        return cls(
            public=dict(attributes.fields.types),
            private=dict(sorted(surveyed.notes.private.items())),
            mixed=attributes.mixed,
            shown_only=tuple(attributes.shown_only),
            unmatched=tuple(surveyed.public.without_match(attributes.items)),
            facets=surveyed.facets,
        )

    def lines(self) -> list[str]:
        """Lines to read; the private ones with the way to make them public."""
        named = [f"{name} ({of})" for name, of in self.public.items()]
        lines = []
        if named or self.private:
            lines.append("public attributes, in hits and filters: " + (_some(named) or "none"))
        if self.public:
            facets = _some([ATTRIBUTES + name for name in self.facets]) or "none"
            lines.append("attributes that are facets: " + facets)
        if self.private:
            lines.append(
                f"private, not in the index: {_some(list(self.private))}. Name those that shoppers "
                "may see: --public NAME, or LIVE_INTENT_PUBLIC_ATTRIBUTES"
            )
        mixed = [f"attribute {name} is a text: {what}" for name, what in self.mixed.items()]
        lines += first_lines(mixed)
        if self.shown_only:
            lines.append(
                f"in hits only, since more than {MAX_INDEXED} attributes are public: "
                + _some(self.shown_only)
            )
        if self.unmatched:
            lines.append("named public, but no item has it: " + _some(self.unmatched))
        return lines


def first_lines(lines: Sequence[str], most: int = 12) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - most
    return [*lines[:most], *([f"... and {more} more such lines"] if more > 0 else [])]


def private_lines(private: Collection[str]) -> list[str]:
    """A line that names the columns which live writes left out; none, no line."""
    if not private:
        return []
    return [
        f"private, left out: {_some(sorted(private))}. The live index says what is public; "
        "a rebuild changes it"
    ]


def _some(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
