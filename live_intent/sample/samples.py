"""The sample catalogues, one for each scenario."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from live_intent.sample.catalogue import SampleRow, sample_items, write_json_lines
from live_intent.sample.films import film_pictures, sample_films
from live_intent.sample.pictures import shop_pictures
from live_intent.sample.posts import post_pictures, sample_posts


@dataclass(frozen=True)
class Sample:
    """A catalogue, always the same, and the drawn pictures that its items name."""

    file: str  # name of its file in the demo's folder
    items: Callable[[], Iterator[SampleRow]]
    pictures: Callable[[], Iterator[tuple[str, str]]]  # name and SVG

    def write(self, path: Path) -> int:
        """Write the items as JSON lines; return their number."""
        return write_json_lines(path, self.items())

    @property
    def hash(self) -> str:
        """16 hexadecimal digits that change when any item does."""
        digest = hashlib.sha256()
        for row in self.items():
            digest.update(json.dumps(row, ensure_ascii=False).encode())
        return digest.hexdigest()[:16]


SAMPLES = {
    "shop": Sample("sample.jsonl", sample_items, lambda: shop_pictures(sample_items())),
    "feed": Sample("posts.jsonl", sample_posts, post_pictures),
    "video": Sample("films.jsonl", sample_films, film_pictures),
}
