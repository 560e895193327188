"""What one item and one request cost: the constants of the arithmetic, with where each is from."""

from dataclasses import dataclass, fields
from typing import Literal

from plugin_config.quantization import QUANTIZATIONS, QuantizationName

GIB, GB = 2**30, 10**9
Source = Literal["measured", "read", "chosen"]


@dataclass(frozen=True)
class Cost:
    """A constant: its value, unit, what it is of, and where it is from."""

    value: float
    unit: str
    of: str
    source: Source
    where: str

    def __str__(self) -> str:
        return f"{self.value:,g} {self.unit}: {self.of} ({self.source}: {self.where})"


@dataclass(frozen=True)
class Costs:
    """Every constant that the arithmetic has. Of a machine with 2 cores, but for encode_gpu."""

    graph_links: Cost = Cost(
        1.1, "x", "of vectors and links, what HNSW holds in memory: 1.1 (b d / 8 + 8 m) bytes",
        "read", "OpenSearch's documentation of k-NN memory",
    )  # fmt: skip
    document_bytes: Cost = Cost(
        560, "bytes/item", "an item on disk without vectors, a title alone: descriptions add",
        "measured", "benchmarks.rebuilds.quantization, 20,000 homedepot titles in one segment",
    )  # fmt: skip
    float16_bytes: Cost = Cost(
        4.7, "bytes/dimension", "the float16 copy on disk: doc values, and base64 in the source",
        "measured", "benchmarks.rebuilds.quantization, files dvd and fdt",
    )  # fmt: skip
    recovery_bytes: Cost = Cost(
        10.6, "bytes/dimension", "the vector as JSON, kept to recover replicas until a later merge",
        "measured", "benchmarks.rebuilds.quantization, file fdt",
    )  # fmt: skip
    search_engine_cpu: Cost = Cost(
        0.017, "core s/search", "the engine's three legs, one shard of up to 60,000 items, merged",
        "measured", "docs/measurements.md, a personalised search",
    )  # fmt: skip
    search_doubling_cpu: Cost = Cost(
        0.10, "of it", "more engine CPU for each doubling of a shard (HNSW visits log n vectors)",
        "chosen", "the growth of HNSW is logarithmic; words that most items have grow faster",
    )  # fmt: skip
    search_service_cpu: Cost = Cost(
        0.011, "core s/search", "the query service: user vector, re-ranking, JSON",
        "measured", "benchmarks.load.processes: 10.9 and 11.7 ms",
    )  # fmt: skip
    utilisation: Cost = Cost(
        0.6, "of cores", "used at the peak rate, the rest for merges, events, a lost node",
        "chosen", "margin",
    )  # fmt: skip
    service_memory: Cost = Cost(
        629, "MiB", "a service with one process, encoder included",
        "measured", "benchmarks.load.processes",
    )  # fmt: skip
    process_memory: Cost = Cost(
        80, "MiB", "each further process of a service", "measured", "benchmarks.load.processes"
    )  # fmt: skip
    shard_items: Cost = Cost(
        10_000_000, "items", "most in one shard: some 80 GB with 384 dimensions, less once merged",
        "read", "OpenSearch advises 10 to 50 GB a shard",
    )  # fmt: skip
    heap_share: Cost = Cost(
        0.5, "of memory", "for the JVM, at most 31 GiB; the rest caches vectors",
        "read", "OpenSearch's documentation",
    )  # fmt: skip
    encode_cpu: Cost = Cost(
        750, "items/s a core", "MiniLM-L6, titles of 13 tokens in bfloat16",
        "measured", "docs/measurements.md, encoding: 1,508 on two cores",
    )  # fmt: skip
    encode_gpu: Cost = Cost(
        55_000, "items/s a GPU", "MiniLM-L6, titles of 20 tokens (25,000 with 97), float16",
        "measured", "docs/measurements.md, an H100 with 16 cores; yours by --encode-rate",
    )  # fmt: skip
    index_cpu: Cost = Cost(
        0.0008, "core s/item", "writing one item with its HNSW links, a copy each",
        "measured", "benchmarks.rebuilds.index, homedepot: 58 s on two cores, less its encoding",
    )  # fmt: skip
    rebuild_memory: Cost = Cost(
        1.0, "GiB", "a rebuild beside its model, whatever the catalogue",
        "measured", "docs/measurements.md, memory of a rebuild",
    )  # fmt: skip
    id_bytes: Cost = Cost(
        50, "bytes/item", "the temporary file of item ids of a rebuild",
        "measured", "indexer/catalogue/item_lines.py",
    )  # fmt: skip

    def lines(self) -> list[str]:
        """One line for each constant."""
        return [f"{each.name}: {getattr(self, each.name)}" for each in fields(self)]


def vector_bytes(dim: int, quantization: QuantizationName, m: int, costs: Costs) -> float:
    """Bytes of one item that k-NN holds in memory: 1.1 x (bits x dim / 8 + 8 m)."""
    bits = QUANTIZATIONS[quantization].bits
    return costs.graph_links.value * (bits * dim / 8 + 8 * m)


def disk_bytes(dim: int, quantization: QuantizationName, m: int, costs: Costs) -> float:
    """Bytes of one item on disk: document, copies of the vector, links, quantised vector."""
    bits = QUANTIZATIONS[quantization].bits
    kept = 0 if quantization == "fp16" else 4 * dim  # faiss keeps the fp16 vectors alone
    quantised = 0 if quantization == "none" else bits * dim / 8
    copy = (costs.float16_bytes.value + costs.recovery_bytes.value) * dim
    return costs.document_bytes.value + copy + kept + quantised + 8 * m
