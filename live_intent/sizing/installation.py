"""The arithmetic from a demand to an installation, each figure with its formula."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from live_intent.sizing.amount import shown
from live_intent.sizing.costs import GIB, Costs, disk_bytes, vector_bytes
from plugin_config.quantization import QUANTIZATIONS, QuantizationName

MEASURED_SHARD = 60_000  # items of the shard that `search_engine_cpu` was measured on
LARGEST_HEAP = 31  # GiB


@dataclass(frozen=True)
class Demand:
    """What is asked for. `qps`: searches a second at the peak; 0 `encode_rate`: as measured.

    `generations`: of the items index that are on disk at a time, one of them live.
    """

    items: int
    qps: float
    dim: int = 384
    quantization: QuantizationName = "none"
    m: int = 16
    replicas: int = 1
    generations: int = 4
    encode_rate: float = 0.0
    node_gib: int = 64
    node_cores: int = 16


@dataclass(frozen=True)
class Figure:
    """One result: `value` in `unit`, and the arithmetic that it comes from."""

    name: str
    value: float
    unit: str
    formula: str

    @property
    def shown(self) -> str:
        """Value and unit, with three digits; counts are whole."""
        number = f"{self.value:,.0f}" if not self.unit or self.value >= 100 else f"{self.value:.3g}"
        return f"{number} {self.unit}".strip()


def figures(demand: Demand, costs: Costs) -> list[Figure]:
    """What the demand takes, in the order in which each follows from those before."""
    n, copies, cores = demand.items, 1 + demand.replicas, demand.node_cores
    per_vector = vector_bytes(demand.dim, demand.quantization, demand.m, costs)
    per_disk = disk_bytes(demand.dim, demand.quantization, demand.m, costs)
    memory, disk = n * per_vector * copies / GIB, n * per_disk * copies / GIB
    shards = math.ceil(n / costs.shard_items.value)
    heap = min(demand.node_gib * costs.heap_share.value, LARGEST_HEAP)
    doublings = max(0.0, math.log2(n / shards / MEASURED_SHARD))
    growth = 1 + costs.search_doubling_cpu.value * doublings
    search_s = costs.search_engine_cpu.value * growth * shards
    share = costs.utilisation.value
    engine_cores = demand.qps * search_s / share
    service_cores = demand.qps * costs.search_service_cpu.value / share
    by_memory = math.ceil(memory / (demand.node_gib - heap))
    by_cores = math.ceil(engine_cores / cores)
    nodes = max(by_memory, by_cores, copies)
    processes = max(1, math.ceil(service_cores))
    service_gib = (costs.service_memory.value + (processes - 1) * costs.process_memory.value) / 1024
    rate, rate_name = demand.encode_rate, "--encode-rate"
    if not rate:
        rate, rate_name = costs.encode_cpu.value, "encode_cpu"
    bits = QUANTIZATIONS[demand.quantization].bits
    per_item = f"graph_links x ({bits} bits x {demand.dim} / 8 + 8 x {demand.m})"
    search_formula = f"search_engine_cpu x {shards} shards x (1 + search_doubling_cpu x "
    return [
        Figure("memory of a vector", per_vector, "bytes", per_item),
        Figure("memory for vectors", memory, "GiB", f"items x that x {copies} copies"),
        Figure("disk of an item", per_disk, "bytes",
               "document_bytes + (float16_bytes + recovery_bytes) x dim + vectors + links"),
        Figure("disk", disk * demand.generations, "GiB",
               f"items x that x {copies} copies x {demand.generations} generations"),
        Figure("primary shards", shards, "", "items / shard_items"),
        Figure("engine's work for a search", search_s, "core s",
               f"{search_formula}{doublings:.1f} doublings)"),
        Figure("cores of data nodes", engine_cores, "cores", "qps x work / utilisation"),
        Figure("data nodes", nodes, "",
               f"the most of {by_memory} by memory ({demand.node_gib} GiB less {heap:g} of heap), "
               f"{by_cores} by cores ({cores}), {copies} by copies"),
        Figure("service processes", processes, "",
               "qps x search_service_cpu / utilisation, a core each"),
        Figure("memory of the service", service_gib, "GiB",
               "service_memory + (processes - 1) x process_memory, on one machine"),
        Figure("encoding", n / rate / 3600, "hours",
               f"items / {rate_name} ({shown(rate)} items/s)"),
        Figure("encoding, one GPU", n / costs.encode_gpu.value / 3600, "hours",
               "items / encode_gpu"),
        Figure("indexing", n * costs.index_cpu.value * copies / 3600, "core hours",
               f"items x index_cpu x {copies} copies"),
        Figure("memory of a rebuild", costs.rebuild_memory.value, "GiB",
               "rebuild_memory, beside the encoder"),
        Figure("temporary file of a rebuild", n * costs.id_bytes.value / GIB, "GiB",
               "items x id_bytes"),
    ]  # fmt: skip


def as_json(demand: Demand, costs: Costs) -> dict[str, Any]:
    """The demand, the figures and the constants, as JSON."""
    return {
        "demand": asdict(demand),
        "figures": [asdict(figure) for figure in figures(demand, costs)],
        "constants": asdict(costs),
    }
