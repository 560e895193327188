"""The sample catalogue: some 3,000 items of an invented shop, the same on every run.

Each kind of item (`sample_data`) is a set of words; a seeded generator draws titles, prices,
attributes and descriptions from them, so that a newcomer's searches feel real.
"""

import hashlib
import json
import math
import random
import re
import string
from collections.abc import Iterator
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

Row = dict[str, object]

SEED = 20260115
UPDATED_AT = "2026-01-15T00:00:00Z"
_ZIPF = 0.8  # how fast popularity falls with an item's rank
_MOST_POPULAR = 20_000  # views of the most popular item
_DEPARTMENTS = (audio_video, computing, chinese_phones, kitchen, home, fashion, leisure, daily)


def sample_items() -> Iterator[Row]:
    """The items as rows of a catalogue file, in a fixed order; always the same rows."""
    rows: list[Row] = []
    titles: set[str] = set()
    for department in _DEPARTMENTS:
        for kind in department.KINDS:
            rows += _items_of(kind, titles)
    # Popularity: a few items are seen by everybody, most by few, in every category.
    ranks = list(range(1, len(rows) + 1))
    random.Random(SEED).shuffle(ranks)
    counts: dict[str, int] = {}
    for row, rank in zip(rows, ranks, strict=True):
        slug = _slug(str(row["category"]).split(" > ")[-1])
        counts[slug] = counts.get(slug, 0) + 1
        yield {
            "item_id": f"{slug}-{counts[slug]:03d}",
            **row,
            "popularity": round(_MOST_POPULAR / rank**_ZIPF, 1),
        }


def write_sample(path: Path) -> int:
    """Write the catalogue as JSON lines (UTF-8); the number of items."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in sample_items():
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def sample_hash() -> str:
    """16 hexadecimal digits that change when any item of the catalogue does."""
    digest = hashlib.sha256()
    for row in sample_items():
        digest.update(json.dumps(row, ensure_ascii=False).encode())
    return digest.hexdigest()[:16]


def _items_of(kind: Kind, taken: set[str]) -> list[Row]:
    # One generator a kind and brand: a new kind does not change the items of the others.
    draw = random.Random(f"{SEED} {kind.category} {kind.brands}")
    rows: list[Row] = []
    for _ in range(100 * kind.count):
        row = _item(kind, draw)
        if row["title"] in taken:
            continue
        taken.add(str(row["title"]))
        rows.append(row)
        if len(rows) == kind.count:
            return rows
    raise ValueError(f"{kind.category}: its words make only {len(rows)} different titles")


def _item(kind: Kind, draw: random.Random) -> Row:
    brand, brand_factor = _pick(kind.brands, draw)
    brand_factor *= _stable(brand, 0.8, 1.25)
    words, factors = {"brand": brand, "model": _model(brand, draw)}, {}
    for name, options in kind.slots.items():
        words[name], factors[name] = _pick(options, draw)
    pattern = draw.choice(kind.titles)
    sentences = draw.sample(kind.sentences, k=min(len(kind.sentences), draw.choice((1, 2, 2, 3))))
    in_titles = {name for title in kind.titles for name in _names(title)}
    used = {name for text in (pattern, *sentences) for name in _names(text)}
    used |= {name for name in kind.slots if name not in in_titles}
    price = kind.price * brand_factor * math.exp(draw.gauss(0, kind.spread))
    for name, factor in factors.items():
        if name in _names(pattern):
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


def _pick(options: str, draw: random.Random) -> tuple[str, float]:
    """One of `a | b*1.3`, with the factor on the price (1 unless written)."""
    word, _, factor = draw.choice(options.split(" | ")).strip().partition("*")
    return word, float(factor or 1)


def _names(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def _stable(text: str, low: float, high: float) -> float:
    """A number between low and high that belongs to a text: dear brands are dear everywhere."""
    share = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
    return low + share * (high - low)


def _model(brand: str, draw: random.Random) -> str:
    """A model's name in the brand's own manner: `SV-420`, `N30`, `Aria 5`."""
    manner = int(_stable(brand + "manner", 0, 4))
    letters = "".join(sign for sign in brand.upper() if sign.isalpha())
    number = draw.choice((10, 20, 30, 40, 50, 100, 200, 300, 450, 500, 700, 900))
    series = draw.choice(("Aria", "Nova", "Pulse", "Vega", "Terra", "Lumen", "Arc", "Echo"))
    return (
        f"{letters[0]}{letters[2:3]}-{number}",
        f"{letters[0]}{number}",
        f"{series} {number // 10}",
        f"{series} {draw.choice(('S', 'X', 'Pro', 'Mini', 'Max', 'Plus'))}",
    )[manner]


def _shop_price(price: float, currency: str) -> float:
    """The price as a shop writes it: 3.49, 24.99, 129.00, 1,199.00."""
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
