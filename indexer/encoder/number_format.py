"""The device, number format and threads of an encoder, from what the machine reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugin_config.errors import SettingsError

if TYPE_CHECKING:
    import torch

TOLERANCE = 0.999  # least cosine between a number format's vectors and those of float32


def choose_device(device: str) -> str:
    """`cuda` or `cpu` for `auto`, else `device` itself. Raises SettingsError if it is absent."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda" if count else "cpu"
    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= count:
        allowed = ", ".join(["auto", "cpu", *(f"cuda:{n}" for n in range(count))])
        present = f"{count} CUDA devices" if count else "no CUDA device"
        raise SettingsError(
            f"LIVE_INTENT_DEVICE={device}: torch sees {present} here. Allowed: {allowed}"
        )
    return device


def choose_format(number_format: str, device: str) -> "torch.dtype":
    """The dtype of a setting; auto: bfloat16 where the CPU has it, float16 on a GPU, else float32.

    Raises SettingsError for float16 on a CPU.
    """
    import torch

    if number_format == "auto":
        if device != "cpu":
            return torch.float16
        # Without these instructions bfloat16 is emulated, ten times slower than float32.
        return torch.bfloat16 if cpu_has_bfloat16() else torch.float32
    if number_format == "float16" and device == "cpu":
        raise SettingsError(
            "LIVE_INTENT_NUMBER_FORMAT=float16 is for GPUs. Allowed on a CPU: auto, float32, "
            "bfloat16"
        )
    dtype: torch.dtype = getattr(torch, number_format)
    return dtype


def cpu_has_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16 (AVX512_BF16 or AMX)."""
    import torch

    if not hasattr(torch.cpu, "get_capabilities"):  # before torch 2.10
        return any(
            getattr(torch.cpu, name, bool)()
            for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        )
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """In the block, torch computes with `count` threads when called from this thread."""
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
