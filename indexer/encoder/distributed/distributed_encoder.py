"""An encoder of items whose forward passes run on a Ray cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.bundle.projections import Projections, Vectors
from indexer.encoder.distributed.actor_pool import IN_FLIGHT, ActorPool
from indexer.encoder.distributed.ray_cluster import RayCluster
from indexer.encoder.encoder import Encoder
from indexer.encoder_spec import EncoderSpec

if TYPE_CHECKING:
    from indexer.settings import EncoderSettings, RaySettings

# Not the machine's own: a device, its threads and its folders.
_OF_THIS_MACHINE = {"device", "encode_threads", "query_cache_size", "models_dir"}


class DistributedEncoder:
    """The encoder of this process for single texts, a pool of equal ones for a catalogue's items.

    Embeddings of the pool and of this process agree within a cosine of 0.9999 in the same number
    format; across formats within 0.999 (`number_format.TOLERANCE`).
    """

    def __init__(self, encoder: Encoder, pool: ActorPool) -> None:
        self._encoder, self._pool = encoder, pool

    @property
    def spec(self) -> EncoderSpec:
        return self._encoder.spec

    @property
    def halves(self) -> Projections | None:
        """The learned projections and residuals, as in `Encoder`."""
        return self._encoder.halves

    @property
    def windows_ahead(self) -> int:
        """Windows that keep the pool busy: this bounds what is held in memory."""
        return IN_FLIGHT * self._pool.size + 2

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D] of a few texts: in this process."""
        return self._encoder.encode_items(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D] of queries: in this process."""
        return self._encoder.encode_queries(texts)

    def begin_items(self, texts: Sequence[str]) -> Callable[[], Vectors]:
        """Send texts to the pool; the function that it returns waits for their embeddings."""
        if not texts:
            return lambda: np.zeros((0, self.spec.dimension), np.float32)
        return partial(self._pool.result, self._pool.submit(list(texts)))


@contextmanager
def distributed(
    encoder_settings: "EncoderSettings", settings: "RaySettings", note: Callable[[str], None]
) -> Iterator[DistributedEncoder]:
    """The encoder of the settings, with a cluster behind it, which it leaves at the end.

    Raises SettingsError, RayUnavailable, WorkerUnfit.
    """
    from indexer.encoder.loading import load_encoder

    with RayCluster(settings) as cluster:  # first: it takes less time to fail
        encoder = load_encoder(encoder_settings)
        values = _portable(encoder_settings, settings)
        pool = ActorPool(cluster, settings, values, encoder.spec.fingerprint, note)
        try:
            pool.start()
            note(f"encoding on the Ray cluster {settings.ray}, by up to {pool.size} encoders")
            yield DistributedEncoder(encoder, pool)
        finally:
            pool.close()


def _portable(encoder_settings: "EncoderSettings", settings: "RaySettings") -> dict[str, Any]:
    """The encoder's settings for another machine: whole paths, and the device that Ray gives."""
    values = encoder_settings.model_dump(exclude=_OF_THIS_MACHINE)
    if encoder_settings.bundle is not None:
        values["bundle"] = str(encoder_settings.bundle.resolve())
    if Path(encoder_settings.encoder).is_dir():
        values["encoder"] = str(Path(encoder_settings.encoder).resolve())
    device = "auto" if settings.ray_gpus else "cpu"
    return {**values, "device": device, "encode_threads": max(1, int(settings.ray_cpus))}
