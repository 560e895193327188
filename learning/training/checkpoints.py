"""The newest state of a training on disk, to resume from, and its curves for TensorBoard."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from plugin_config.errors import LiveIntentError

TENSORS = "tensors.safetensors"


class CheckpointError(LiveIntentError):
    """A checkpoint is of another training, or damaged."""

    exit_code = 2


class Checkpoints:
    """The newest state of one training in a folder: whole or absent, also after a kill.

    `identity` says which training it is (data, seed, settings): a checkpoint of another one is
    refused. The folder also gets the training's curves, where TensorBoard is installed.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, Any], name: str = "") -> None:
        """`folder` None: nothing is written. `name` tells several trainings in one folder apart."""
        self._path = folder / name / TENSORS if folder else None
        self._identity = json.loads(json.dumps(identity, default=str))
        self._curves = _summary_writer(folder / "tensorboard" / name) if folder else None

    def save(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Writes both to one file beside the old one, and moves it over the old one."""
        from safetensors.torch import save_file

        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"identity": self._identity, "state": state})
        partial = self._path.with_name(f".{TENSORS}.part")
        on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(on_cpu, partial, metadata={"told": header})
        os.replace(partial, self._path)

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Tensors and state; None when there is no checkpoint. Raises CheckpointError."""
        from safetensors import SafetensorError, safe_open

        if self._path is None or not self._path.is_file():
            return None
        try:
            with safe_open(self._path, framework="pt") as file:
                header = json.loads(file.metadata()["told"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"the checkpoint {self._path} can't be read ({error}): remove it and start again"
            ) from error
        saved, own = header["identity"], self._identity
        if saved != own:
            differing = sorted(k for k in {*saved, *own} if saved.get(k) != own.get(k))
            raise CheckpointError(
                f"the checkpoint in {self._path.parent} is of another training (it differs in "
                f"{', '.join(differing)}): name another folder with --checkpoints, or remove it"
            )
        return tensors, header["state"]

    def clear(self) -> None:
        """Removes the checkpoint: the training is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def add_to_curves(self, step: int, values: Mapping[str, float]) -> None:
        """Adds one point to each curve."""
        for name, value in values.items():
            if self._curves is not None:
                self._curves.add_scalar(name, value, step)

    def close_curves(self) -> None:
        """Flushes the curves to disk."""
        if self._curves is not None:
            self._curves.close()


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, `prefix` before each name."""
    return {prefix + name: tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reverse of `with_prefix`; tensors without the prefix are left out."""
    size = len(prefix)
    return {name[size:]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's running averages and step counts, as `optimizer.<parameter>.<name>`."""
    return {
        f"optimizer.{parameter}.{name}": torch.as_tensor(value)
        for parameter, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The reverse of `optimizer_tensors`; other tensors are ignored."""
    saved = optimizer.state_dict() | {"state": {}}
    for key, value in without_prefix("optimizer.", tensors).items():
        parameter, name = key.split(".", 1)
        saved["state"].setdefault(int(parameter), {})[name] = value
    optimizer.load_state_dict(saved)


def random_states() -> dict[str, Tensor]:
    """The states of torch's generators: the CPU's, and the GPU's where dropout is drawn on one."""
    states = {"torch_rng": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda_rng"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(tensors: Mapping[str, Tensor]) -> None:
    """The reverse of `random_states`; other tensors are ignored."""
    torch.set_rng_state(tensors["torch_rng"])
    if "cuda_rng" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda_rng"])


def _summary_writer(folder: Path) -> Any:
    """TensorBoard's writer of curves; None where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder))
