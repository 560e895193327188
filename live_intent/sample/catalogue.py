"""The sample shop: some 3,000 items of an invented shop, the same on every run.

A seeded generator draws titles, prices, attributes and descriptions from the words of each kind of
item (`live_intent.sample.data`). Searches for everyday words find plausible items.
"""

import hashlib
import json
import math
import random
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from live_intent.sample.data import (
    audio_video,
    chinese_phones,
    computing,
    daily,
    fashion,
    home,
    kitchen,
    leisure,
)
from live_intent.sample.data.kind import Kind
from live_intent.sample.motifs import picture_name

SampleRow = dict[str, object]

SEED = 20260115
UPDATED_AT = "2026-01-15T00:00:00Z"
_ZIPF = 0.8  # exponent: popularity is proportional to rank^-_ZIPF
_MOST_POPULAR = 20_000  # views of the most popular item
_DEPARTMENTS = (audio_video, computing, chinese_phones, kitchen, home, fashion, leisure, daily)


def sample_items() -> Iterator[SampleRow]:
    """Yield the items as rows of a catalogue file; always the same rows in the same order."""
    rows: list[SampleRow] = []
    titles: set[str] = set()
    for department in _DEPARTMENTS:
        for kind in department.KINDS:
            rows += _items_of(kind, titles)
    # Zipf's law: everybody views a few items, few people view the rest, in every category.
    ranks = list(range(1, len(rows) + 1))
    random.Random(SEED).shuffle(ranks)
    counts: dict[str, int] = {}
    sizes = Counter(map(_product, rows))
    groups = {name: {"group_id": _slug(name)} for name, size in sizes.items() if size > 1}
    for row, rank in zip(rows, ranks, strict=True):
        slug = _slug(str(row["category"]).split(" > ")[-1])
        counts[slug] = counts.get(slug, 0) + 1
        yield {
            "item_id": f"{slug}-{counts[slug]:03d}",
            **row,
            **groups.get(_product(row), {}),
            "image_url": f"images/{picture_name(row)}",
            "popularity": round(_MOST_POPULAR / rank**_ZIPF, 1),
        }


def write_json_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> int:
    """Write the rows as JSON lines (UTF-8) and return their number."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _items_of(kind: Kind, titles: set[str]) -> list[SampleRow]:
    """Draw `kind.count` items whose titles are not yet in `titles`, and add these.

    Raises ValueError when the words of the kind give too few different titles.
    """
    # One generator per kind and brands: a new kind does not change the items of the others.
    draw = random.Random(f"{SEED} {kind.category} {kind.brands}")
    rows: list[SampleRow] = []
    for _ in range(100 * kind.count):
        row = _item(kind, draw)
        if row["title"] in titles:
            continue
        titles.add(str(row["title"]))
        rows.append(row)
        if len(rows) == kind.count:
            return rows
    raise ValueError(f"{kind.category}: its words make only {len(rows)} different titles")


def _item(kind: Kind, draw: random.Random) -> SampleRow:
    brand, brand_factor = _pick(kind.brands, draw)
    brand_factor *= _hashed(brand, 0.8, 1.25)
    words, factors = {"brand": brand, "model": _model(brand, draw)}, {}
    for name, options in kind.slots.items():
        words[name], factors[name] = _pick(options, draw)
    pattern = draw.choice(kind.titles)
    sentences = draw.sample(kind.sentences, k=min(len(kind.sentences), draw.choice((1, 2, 2, 3))))
    in_titles = {name for title in kind.titles for name in _slots(title)}
    used = {name for text in (pattern, *sentences) for name in _slots(text)}
    used |= {name for name in kind.slots if name not in in_titles}
    price = kind.price * brand_factor * math.exp(draw.gauss(0, kind.spread))
    for name, factor in factors.items():
        if name in _slots(pattern):
            price *= factor
    space = "" if kind.language == "zh" else " "
    return {
        "title": pattern.format_map(words),
        "description": space.join(sentence.format_map(words) for sentence in sentences),
        "brand": brand,
        "category": kind.category,
        "price": _shop_price(price, kind.currency),
        "currency": kind.currency,
        "available": draw.random() < 0.94,
        "attributes": {
            name: words[name] for name in kind.slots if name in used and not name.startswith("_")
        },
        "language": kind.language,
        "updated_at": UPDATED_AT,
    }


def _product(row: SampleRow) -> str:
    """The title without the colour and the size: equal for the variants of one product."""
    title, attributes = str(row["title"]), row["attributes"]
    assert isinstance(attributes, dict)
    if row["language"] == "zh":
        return title
    for name in ("colour", "size"):
        if name in attributes:
            title = re.sub(rf",? \b{re.escape(attributes[name])}\b", "", title)
    return title


def _pick(options: str, draw: random.Random) -> tuple[str, float]:
    """Draw one option of `a | b*1.3`; return it and its factor on the price (1 if none)."""
    word, _, factor = draw.choice(options.split(" | ")).strip().partition("*")
    return word, float(factor or 1)


def _slots(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def _hashed(text: str, low: float, high: float) -> float:
    """Map a text to a fixed number in [low, high): an expensive brand is so in every kind."""
    share = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
    return low + share * (high - low)


def _model(brand: str, draw: random.Random) -> str:
    """Draw a model's name; each brand keeps to one style: `SV-420`, `N30`, `Aria 5`."""
    style = int(_hashed(brand + "manner", 0, 4))
    letters = "".join(character for character in brand.upper() if character.isalpha())
    number = draw.choice((10, 20, 30, 40, 50, 100, 200, 300, 450, 500, 700, 900))
    series = draw.choice(("Aria", "Nova", "Pulse", "Vega", "Terra", "Lumen", "Arc", "Echo"))
    return (
        f"{letters[0]}{letters[2:3]}-{number}",
        f"{letters[0]}{number}",
        f"{series} {number // 10}",
        f"{series} {draw.choice(('S', 'X', 'Pro', 'Mini', 'Max', 'Plus'))}",
    )[style]


def _shop_price(price: float, currency: str) -> float:
    """Round the price as shops do: 3.49, 24.99, 129.00, 1,199.00."""
    if currency == "CNY":
        step = 10 if price < 200 else 100
        return float(max(step * round(price / step) - 1, 9))
    if price < 20:
        return max(math.floor(2 * price) / 2 + 0.49, 0.99)
    if price < 100:
        return math.floor(price) + 0.99
    return float(10 * round(price / 10) - 1)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
