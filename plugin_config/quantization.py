"""How an index stores vectors for k-NN: whole, or quantised to fewer bits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from plugin_config.errors import SettingsError
from plugin_config.versions import sixteen_bits

Engine = Literal["lucene", "faiss"]
QuantizationName = Literal["none", "int7", "fp16", "disk-8x", "disk-16x", "disk-32x"]


@dataclass(frozen=True)
class Quantization:
    """`bits`: of a dimension, in the part that a search reads from memory.

    `parameters` (of the scalar quantisation in the method, for a version of OpenSearch; None: there
    is none such) and `field` (beside the method): what the mapping says of it.
    """

    engines: tuple[Engine, ...]
    bits: int
    parameters: Callable[[str], Mapping[str, Any]] | None = None
    field: Mapping[str, Any] = field(default_factory=dict)


def _on_disk(level: int) -> Quantization:
    return Quantization(
        ("faiss",), 32 // level, field={"mode": "on_disk", "compression_level": f"{level}x"}
    )


# Lucene keeps the whole vectors beside those of `int7`, on disk; so does faiss for `disk-...`, and
# compares the nearest candidates by them.
QUANTIZATIONS: Mapping[QuantizationName, Quantization] = {
    "none": Quantization(("lucene", "faiss"), 32),
    "int7": Quantization(("lucene",), 8, lambda version: {"bits": 7}),
    "fp16": Quantization(("faiss",), 16, sixteen_bits),
    "disk-8x": _on_disk(8),
    "disk-16x": _on_disk(16),
    "disk-32x": _on_disk(32),
}


def quantization_of(name: str, engine: str) -> Quantization:
    """The quantisation of that name. Raises SettingsError: unknown, or the engine has none such."""
    for known in get_args(QuantizationName):
        if known == name and engine in QUANTIZATIONS[known].engines:
            return QUANTIZATIONS[known]
    allowed = "; ".join(
        f"{of}: {', '.join(n for n, each in QUANTIZATIONS.items() if of in each.engines)}"
        for of in get_args(Engine)
    )
    raise SettingsError(
        f"LIVE_INTENT_QUANTIZATION={name} with LIVE_INTENT_ENGINE={engine}: allowed are, with "
        f"{allowed}"
    )
