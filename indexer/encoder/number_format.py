"""Which device, number format and threads an encoder uses, from what the machine reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugin_config.errors import SettingsError

if TYPE_CHECKING:
    import torch

# The least cosine to float32 vectors that a number format may have.
TOLERANCE = 0.999


def choose_device(wanted: str) -> str:
    """`cuda` where there is one, else `cpu`; as wanted otherwise. Raises SettingsError."""
    import torch

    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return "cuda" if there else "cpu"
    if wanted.startswith("cuda"):
        number = int(wanted.partition(":")[2] or 0)
        if number >= there:
            allowed = ", ".join(["auto", "cpu", *(f"cuda:{n}" for n in range(there))])
            found = f"{there} CUDA devices" if there else "no CUDA device"
            raise SettingsError(
                f"LIVE_INTENT_DEVICE={wanted}: torch sees {found} here. Allowed: {allowed}"
            )
    return wanted


def choose_format(wanted: str, device: str) -> "torch.dtype":
    """The dtype: bfloat16 only where the CPU computes in it, float16 on a GPU, else float32.

    Raises SettingsError.
    """
    import torch

    if wanted == "auto":
        if device != "cpu":
            return torch.float16
        # Without these instructions bfloat16 is emulated, ten times slower than float32.
        return torch.bfloat16 if cpu_has_bfloat16() else torch.float32
    if wanted == "float16" and device == "cpu":
        raise SettingsError(
            "LIVE_INTENT_NUMBER_FORMAT=float16 is for GPUs. Allowed on a CPU: auto, float32, "
            "bfloat16"
        )
    chosen: torch.dtype = getattr(torch, wanted)
    return chosen


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies in bfloat16 (AVX512_BF16 or AMX)."""
    import torch

    if not hasattr(torch.cpu, "get_capabilities"):  # before torch 2.10
        return any(
            getattr(torch.cpu, name, bool)()
            for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        )
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Within it, torch computes with `count` threads when called from this one."""
    import torch

    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
