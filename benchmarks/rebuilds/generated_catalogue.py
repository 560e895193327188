"""A generated catalogue of any size, and small encoders, to try a rebuild's cost with."""

import json
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from indexer.encoder.model_names import MINILM, model_folder

WORDS, BRANDS, LEAVES = 60_000, 3_000, 800
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
COLOURS = ("red", "blue", "green", "black", "white", "grey")


def generated_rows(items: int, described: int = 30, seed: int = 13) -> Iterator[dict[str, Any]]:
    """Yield a catalogue's rows: titles of 4 to 9 words by Zipf's law, so many of description."""
    rng = random.Random(seed)
    words = sorted({_word(rng) for _ in range(WORDS)})
    rng.shuffle(words)
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(words))))
    for number in range(items):
        in_title = rng.randint(4, 9)
        drawn = rng.choices(words, cum_weights=weights, k=in_title + described)
        title, description = drawn[:in_title], drawn[in_title:]
        leaf = rng.randrange(LEAVES)
        yield {
            "item_id": f"{rng.getrandbits(40):010x}-{number}",
            "title": " ".join(title),
            "description": " ".join(description),
            "brand": f"{words[rng.randrange(BRANDS)]} {leaf % 7}",
            "category": ["All", f"Group {leaf % 20}", f"Leaf {leaf}"],
            "price": round(rng.lognormvariate(3, 1), 2),
            "popularity": int(rng.paretovariate(1.1)),
            "attributes": {"colour": rng.choice(COLOURS), "weight": rng.randrange(1, 4000)},
        }


def write_generated(path: Path, items: int, described: int = 30) -> Path:
    """Write the catalogue as JSON lines; return the path."""
    with path.open("w", encoding="utf-8") as file:
        for row in generated_rows(items, described):
            file.write(json.dumps(row) + "\n")
    return path


def one_layer_encoder(folder: Path) -> Path:
    """Make a folder with the first layer of the default encoder; return its path."""
    source = model_folder(MINILM, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        if file.is_file() and file.name != "config.json":
            (folder / file.name).symlink_to(file.resolve())
    config = json.loads((source / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}), "utf-8")
    return folder


def tiny_encoder(folder: Path, dims: int = 64) -> Path:
    """Make a folder with a random BERT of one layer and few dimensions; return its path.

    It has the tokenizer of the default encoder, so only the layers cost less than there.
    """
    import torch
    from transformers import BertConfig, BertModel

    source = model_folder(MINILM, folder)
    config = BertConfig.from_pretrained(source)
    config.update({"hidden_size": dims, "intermediate_size": 2 * dims, "num_attention_heads": 2})
    config.num_hidden_layers = 1
    torch.manual_seed(13)
    BertModel(config).save_pretrained(folder)
    for file in source.iterdir():
        if file.is_file() and not (folder / file.name).exists():
            (folder / file.name).symlink_to(file.resolve())
    return folder


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, 4)))
