"""A topic of the sample feed: the words from which its posts are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """`headlines` and `sentences` are format strings over the names of `slots`.

    A slot lists its options as `a | b | c`. A picture is a scene with a motif of the sample shop's
    drawings before it, in the colour that goes with it: `bicycle #c2403c | tent #3d6b4f`.
    """

    name: str
    people: str
    headlines: tuple[str, ...]
    slots: Mapping[str, str]
    sentences: tuple[str, ...]
    replies: tuple[str, ...]
    scenes: str  # with a palette: "road day | mountains dawn"
    motifs: str = ""
