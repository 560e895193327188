"""What the parent process loads once, before it forks the worker processes.

A forked process has the same memory until one of them writes to it: it answers after a fraction of
a second, and adds little memory. Threads do not survive a fork, nor does CUDA. So nothing here may
start a thread: torch computes with one, the tokenizer too, and clients of the cluster are made by
each worker.
"""

import gc
import importlib
import os
from typing import TYPE_CHECKING

from indexer.settings import EncoderSettings
from plugin_config.settings import load
from query_service.web.server.gpus import visible_gpus

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder

MAX_TORCH_THREADS = 8


def preload() -> "Encoder | None":
    """Import the app and load the encoder; None for one on a GPU, which each process loads itself.

    Raises ModelUnavailable, SettingsError, BundleError.
    """
    from indexer.bundle.learned_bundle import LearnedBundle

    settings = load(EncoderSettings)
    if settings.bundle:
        LearnedBundle.open(settings.bundle)  # before all that takes long
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    torch.set_num_threads(1)
    from indexer.encoder.loading import load_encoder

    importlib.import_module("query_service.web.app")
    encoder = None
    if _is_for_the_cpu(settings):
        encoder = load_encoder(settings.model_copy(update={"encode_threads": 1}))
    gc.collect()
    gc.freeze()  # a collection in a worker would write to every object, and so copy it
    return encoder


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_threads(encoder: "Encoder | None", processes: int) -> None:
    """In a worker: divide the cores between the processes, else each computes on all of them."""
    import torch

    torch.set_num_threads(max(1, min(cores() // processes, MAX_TORCH_THREADS)))
    if encoder is not None:
        encoder.threads = load(EncoderSettings).encode_threads or torch.get_num_threads()


def _is_for_the_cpu(settings: EncoderSettings) -> bool:
    if settings.device == "cpu":
        return True
    if settings.device != "auto" or visible_gpus():
        return False
    import torch

    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # without initialising CUDA
    return not torch.cuda.is_available()
