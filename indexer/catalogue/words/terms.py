"""Terms of texts and attribute terms of items: what the two TF-IDF maps read.

Terms feed D_q (through W_uq), attribute terms feed D_a (through W_ua). Training and serving call
these same functions, so that they cannot drift apart.
"""

import math
import re

from indexer.catalogue.categories import category_texts
from indexer.catalogue.items import Item
from indexer.catalogue.words.spelling import spelled
from plugin_config.analysis.spelling_rules import ELIDED

# A run of Chinese, Japanese or Korean characters has no spaces: it is cut into bigrams, as the
# engine's `cjk` analyzer does. Anything else is a word of letters and digits.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:['’][^\W_{CJK}]+)?", re.UNICODE)
_ELIDED = re.compile(ELIDED)
CJK_LETTER = re.compile(rf"[{CJK}]")
MAX_TITLE_WORDS = 12


def terms(text: str) -> list[str]:
    """The terms of a text, `spelled`: words, and bigrams of CJK runs; lower case, in order."""
    result: list[str] = []
    for token in _TOKEN.findall(_ELIDED.sub("", spelled(text)).lower()):
        if CJK_LETTER.match(token) and len(token) > 1:
            result.extend(token[i : i + 2] for i in range(len(token) - 1))
        else:
            result.append(token)
    return result


def price_band(price: float) -> int:
    """The price's band: half octaves, so that a band spans a factor of about 1.4 (sqrt 2)."""
    return round(2 * math.log2(max(price, 0.01)))


def attribute_terms(item: Item) -> list[str]:
    """Attribute terms of an item, for D_a: brand, category paths, price band, title words."""
    result = [f"brand:{item.brand.lower()}"] if item.brand else []
    result += [f"category:{path.lower()}" for path in category_texts(item.category_paths)]
    if item.price:
        result.append(f"price:{item.currency or '-'}:{price_band(item.price)}")
    words = list(dict.fromkeys(terms(item.title)))
    return result + [f"word:{word}" for word in words[:MAX_TITLE_WORDS]]
