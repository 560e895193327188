"""Terms of texts and attribute features of items: the inputs of the two TF-IDF maps.

Terms feed D_q (through W_uq), attribute features feed D_a (through W_ua). Training and serving
call these same functions, so that they cannot drift apart.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

# A run of Chinese, Japanese or Korean signs has no spaces: it is cut into bigrams, as the
# engine's `cjk` analyzer does. Anything else is a word of letters and digits.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)?", re.UNICODE)
_IS_CJK = re.compile(rf"[{_CJK}]")
MAX_WORD_FEATURES = 12


class HasAttributes(Protocol):
    """What `attribute_features` reads of an item."""

    @property
    def title(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def category(self) -> Sequence[str]: ...
    @property
    def price(self) -> float | None: ...
    @property
    def currency(self) -> str: ...


def terms(text: str) -> list[str]:
    """The terms of a text, lower case, in order, repeats kept; bigrams for CJK runs."""
    found: list[str] = []
    for token in _TOKEN.findall(text.lower()):
        if _IS_CJK.match(token) and len(token) > 1:
            found.extend(token[i : i + 2] for i in range(len(token) - 1))
        else:
            found.append(token)
    return found


def category_paths(category: Sequence[str]) -> list[str]:
    """Every prefix of a category path, joined: ("Phones", "Smart") -> Phones, Phones > Smart."""
    return [" > ".join(category[: depth + 1]) for depth in range(len(category))]


def price_band(price: float) -> int:
    """The price's band: half octaves, so that a band spans a factor of about 1.4."""
    return round(2 * math.log2(max(price, 0.01)))


def attribute_features(item: HasAttributes) -> list[str]:
    """Features of an item for the action statistics: brand, category path, price band, words."""
    features: list[str] = []
    if item.brand:
        features.append(f"brand:{item.brand.lower()}")
    features += [f"category:{path.lower()}" for path in category_paths(item.category)]
    if item.price:
        features.append(f"price:{item.currency or '-'}:{price_band(item.price)}")
    words: Iterable[str] = dict.fromkeys(terms(item.title))
    features += [f"word:{word}" for word in list(words)[:MAX_WORD_FEATURES]]
    return features
