"""The encoder that a Ray actor holds, on another machine or process."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.bundle.projections import Vectors

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder


@dataclass(frozen=True)
class Loaded:
    """What a remote encoder is: `fingerprint` of its spec, or in `error` why there is none."""

    host: str
    fingerprint: str = ""
    encoder: str = ""  # in words
    error: str = ""


class RemoteEncoder:
    """An encoder that is made from another process's settings, by `load`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """`settings`: fields of EncoderSettings. Nothing is loaded, so that no error is lost."""
        self._settings = settings
        self._encoder: Encoder | None = None

    def load(self) -> Loaded:
        """Load the model; any error comes back as words."""
        host = socket.gethostname()
        try:
            from indexer.encoder.loading import load_encoder
            from indexer.settings import EncoderSettings
            from plugin_config.settings import load

            self._encoder = load_encoder(load(EncoderSettings, **self._settings))
        except Exception as error:
            return Loaded(host, error=f"{error}" or type(error).__name__)
        spec = self._encoder.spec
        return Loaded(host, spec.fingerprint, f"{spec.model} (weights {spec.weights_hash})")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of item texts: float32 [n, D], unit length, in the order given."""
        assert self._encoder is not None
        return self._encoder.encode_items(texts)
