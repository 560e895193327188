"""A kind of item: the words from which its titles, attributes and descriptions are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

COLOURS = "Black | White | Grey | Navy Blue | Forest Green | Sand | Burgundy"
SIZES = "XS | S | M | L | XL | XXL"


@dataclass(frozen=True)
class Kind:
    """A kind of item. `brands` and slots list options as `a | b | c`; `b*1.3` is 1.3 x dearer.

    `titles` and `sentences` are format strings: `{brand}`, `{model}` and the names of `slots` are
    filled in. A slot whose name starts with an underscore is not an attribute of the item.
    """

    category: str  # the path, root first: "Electronics > Audio > Headphones"
    count: int  # items of this kind
    price: float  # median
    brands: str
    titles: tuple[str, ...]
    slots: Mapping[str, str]
    sentences: tuple[str, ...]
    spread: float = 0.3  # standard deviation of the price's logarithm
    currency: str = "USD"
    language: str = "en"
