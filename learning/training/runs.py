"""What every training does alike: checkpoints, early stop, TensorBoard, provenance."""

import json
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from indexer.bundle.hashed_folder import sha256_of
from plugin_config.errors import LiveIntentError

TENSORS, STATE = "tensors.safetensors", "state.json"


class CheckpointError(LiveIntentError):
    """A checkpoint is of another training, or damaged."""

    exit_code = 2


class Checkpoints:
    """The newest state of one training in a folder: whole or absent, also after a kill.

    `identity` says which training it is (data, seed, settings): a checkpoint of another one is
    refused, not mixed in.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, Any]) -> None:
        """`folder` None: nothing is kept."""
        self._folder = folder
        self._identity = json.loads(json.dumps(identity, default=str))

    def save(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Both in one file, written beside the old one and moved over it."""
        from safetensors.torch import save_file

        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        told = json.dumps({"identity": self._identity, "state": state})
        part = self._folder / f".{TENSORS}.part"
        flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(flat, part, metadata={"told": told})
        os.replace(part, self._folder / TENSORS)

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Tensors and state; None when there is no checkpoint. Raises CheckpointError."""
        from safetensors import SafetensorError, safe_open

        if self._folder is None or not (self._folder / TENSORS).is_file():
            return None
        path = self._folder / TENSORS
        try:
            with safe_open(path, framework="pt") as file:
                told = json.loads(file.metadata()["told"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"the checkpoint {path} can't be read ({error}): remove it and begin anew"
            ) from error
        if told["identity"] != self._identity:
            differs = sorted(
                name
                for name in {*told["identity"], *self._identity}
                if told["identity"].get(name) != self._identity.get(name)
            )
            raise CheckpointError(
                f"the checkpoint in {self._folder} is of another training (it differs in "
                f"{', '.join(differs)}): name another folder with --checkpoints, or remove it"
            )
        return tensors, told["state"]

    def clear(self) -> None:
        """Removes the checkpoint: the training is done."""
        if self._folder is not None:
            (self._folder / TENSORS).unlink(missing_ok=True)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's moments and step counts as plain tensors, by parameter and name."""
    return {
        f"optimizer.{place}.{name}": torch.as_tensor(value)
        for place, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The reverse of `optimizer_tensors`; what else is in `tensors` is left alone."""
    told = optimizer.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, place, name = key.split(".", 2)
            state.setdefault(int(place), {})[name] = value
    told["state"] = state
    optimizer.load_state_dict(told)


def module_tensors(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    """A module's parameters and buffers, each name behind `prefix.`."""
    return {f"{prefix}.{name}": tensor for name, tensor in module.state_dict().items()}


def restore_module(module: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """The reverse of `module_tensors`."""
    start = prefix + "."
    module.load_state_dict(
        {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}
    )


@dataclass
class EarlyStop:
    """Stops when a measure (higher is better) has not risen for `patience` looks in a row."""

    patience: int
    best: float = float("-inf")
    best_at: int = -1
    looks: int = 0

    def is_best(self, value: float) -> bool:
        """Takes a look into account; whether it is the best so far."""
        self.looks += 1
        if value > self.best:
            self.best, self.best_at = value, self.looks
            return True
        return False

    @property
    def over(self) -> bool:
        """Whether to stop."""
        return self.looks - max(self.best_at, 0) >= self.patience


class TensorBoardLog:
    """Scalars for TensorBoard, where that is installed and a folder given; else nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._writer: Any = None
        if folder is not None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                return
            self._writer = SummaryWriter(str(folder))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        for name, value in values.items():
            if self._writer is not None:
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Writes what waits to be written."""
        if self._writer is not None:
            self._writer.close()


@dataclass
class Provenance:
    """What a part of a bundle was learned from and how, for its manifest."""

    seed: int
    settings: Mapping[str, Any]
    files: Sequence[Path] = ()
    begun: float = field(default_factory=time.monotonic)

    def told(self, metrics: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """As it stands in the manifest; seconds count from when this was made."""
        return {
            "data": {path.name: sha256_of(path) for path in self.files},
            "seed": self.seed,
            "settings": json.loads(json.dumps(dict(self.settings), default=str)),
            "versions": _versions(),
            "metrics": dict(metrics),
            "seconds": round(time.monotonic() - self.begun, 1),
            "peak_memory_mb": peak_memory_mb(),
            **more,
        }


def peak_memory_mb() -> int:
    """The most memory that this process has held, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024))


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in ("opensearch-live-intent", "torch", "numpy", "transformers", "peft", "lightgbm"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
