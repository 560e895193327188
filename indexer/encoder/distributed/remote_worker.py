"""A remote encoder as the pool knows it, and the blocks of texts that it works on."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from indexer.bundle.projections import Vectors
from indexer.encoder.distributed.ray_cluster import RayUnavailable
from indexer.encoder.distributed.remote_encoder import Loaded


class WorkerUnfit(RayUnavailable):
    """A machine of the Ray cluster lacks the package or the model, or has another model."""

    exit_code = 4


@dataclass
class Block:
    texts: Sequence[str]
    vectors: "Future[Vectors]" = field(default_factory=Future)
    failures: int = 0


@dataclass
class RemoteWorker:
    actor: Any
    loading: Any  # the reference of what `load` returns; None afterwards
    blocks: dict[Any, Block] = field(default_factory=dict)  # by reference of the result
    host: str = ""
    last_result: float = 0.0

    def check(self, loaded: Loaded, fingerprint: str) -> None:
        """Raises WorkerUnfit unless `loaded` is the encoder with this fingerprint."""
        self.host = loaded.host
        if loaded.error:
            raise self.unfit(loaded.error)
        if loaded.fingerprint != fingerprint:
            raise self.unfit(
                f"its encoder is {loaded.encoder}, fingerprint {loaded.fingerprint}; this process "
                f"has {fingerprint}. Install the same model and version there"
            )

    def unfit(self, reason: str) -> WorkerUnfit:
        """The error that says why this machine can't encode."""
        where = self.host or "a machine of the Ray cluster"
        return WorkerUnfit(
            f"{where} can't encode: {reason.rstrip('.')}. Every machine of the cluster needs this "
            "package in this version, with the extra ray, and the model, "
            "below the same path if it is a folder. Then the same command goes on"
        )
