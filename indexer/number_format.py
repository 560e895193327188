"""Which number format and device an encoder uses, from what the machine reports."""

from typing import TYPE_CHECKING

from plugin_config.errors import SettingsError

if TYPE_CHECKING:
    import torch

# The least cosine to float32 vectors that a number format may have.
TOLERANCE = 0.999


def choose_device(wanted: str) -> str:
    """`cuda` where there is one, else `cpu`; as wanted otherwise. Raises SettingsError."""
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise SettingsError(
            f"LIVE_INTENT_DEVICE={wanted}: there is no CUDA device here. Allowed: auto, cpu"
        )
    return wanted


def choose_format(wanted: str, device: str) -> "torch.dtype":
    """The dtype: bfloat16 only where the CPU computes in it, float16 on a GPU, else float32."""
    import torch

    if wanted != "auto":
        chosen: torch.dtype = getattr(torch, wanted)
        if chosen == torch.float16 and device == "cpu":
            raise SettingsError(
                "LIVE_INTENT_NUMBER_FORMAT=float16 is for GPUs. Allowed on a CPU: auto, float32, "
                "bfloat16"
            )
        return chosen
    if device != "cpu":
        return torch.float16
    # Without these instructions bfloat16 is emulated, ten times slower than float32.
    return torch.bfloat16 if cpu_has_bfloat16() else torch.float32


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies in bfloat16 (AVX512_BF16 or AMX)."""
    import torch

    abilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))
