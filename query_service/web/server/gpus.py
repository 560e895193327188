"""The GPUs that worker processes are distributed over."""

import os
import subprocess


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    Without torch: a process that has initialised CUDA can't be forked any more.
    """
    if os.environ.get("LIVE_INTENT_DEVICE", "auto") not in ("", "auto", "cuda"):
        return []  # the setting names one device, or the CPU
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    try:
        ran = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    gpus = [line for line in ran.stdout.splitlines() if line.startswith("GPU ")]
    return [str(index) for index in range(len(gpus))]
