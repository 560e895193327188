"""Which attributes are public: in the index, in hits and in filters."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class PublicAttributes:
    """`names`: exactly these are public, `*` stands for any characters. None: the mapped ones.

    An attribute is mapped when the catalogue has it below `attributes`, or the column mapping names
    it. A column that nobody mapped is private, unless it is named here. What is private is not put
    into the index.
    """

    names: tuple[str, ...] | None = None

    @classmethod
    def of(cls, names: Iterable[str]) -> "PublicAttributes":
        """Exactly these; without any: the mapped ones."""
        spaced = [unicodedata.normalize("NFC", " ".join(name.split())) for name in names]
        return cls(tuple(dict.fromkeys(filter(None, spaced))) or None)

    @classmethod
    def parse(cls, text: str) -> "PublicAttributes":
        """From names that commas separate; without any: the mapped ones."""
        return cls.of(text.split(","))

    def includes(self, attribute: str, *, mapped: bool = True) -> bool:
        """Whether the attribute is public; `mapped`: whether somebody mapped it."""
        if self.names is None:
            return mapped
        return self._pattern.fullmatch(unicodedata.normalize("NFC", attribute)) is not None

    def without_match(self, attributes: Iterable[str]) -> list[str]:
        """The names that none of the attributes has: probably mistyped."""
        held = list(attributes)
        return [n for n in self.names or () if not any(map(PublicAttributes((n,)).includes, held))]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        patterns = [".*".join(map(re.escape, name.split("*"))) for name in self.names or ()]
        return re.compile("|".join(patterns), re.DOTALL)
