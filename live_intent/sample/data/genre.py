"""A genre of the sample films: the words from which titles and synopses are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Genre:
    """`titles`, `openings` and `turns` are format strings over the names of `slots`.

    A slot lists its options as `a | b | c`, `scenes` lists scenes with a palette. `figures`: how
    many people stand on a poster, at least and at most.
    """

    name: str
    titles: tuple[str, ...]
    slots: Mapping[str, str]
    openings: tuple[str, ...]
    turns: tuple[str, ...]
    scenes: str
    minutes: tuple[int, int] = (88, 134)
    figures: tuple[int, int] = (0, 2)
