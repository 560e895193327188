"""The encoder that a command's options name."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.index.item_vectors import ItemEncoder
    from indexer.progress import Progress
    from indexer.settings import RaySettings


def load_encoder_of(encoder: str | None, layout: str | None) -> Any:
    """The encoder of the settings, where the options --encoder and --layout say nothing."""
    from indexer.encoder.loading import load_encoder
    from indexer.settings import EncoderSettings
    from plugin_config.settings import load

    return load_encoder(load(EncoderSettings, encoder=encoder, layout=layout))


def load_encoder_when_needed(encoder: str | None, layout: str | None, progress: "Progress") -> Any:
    """As `load_encoder_of`, in the midst of other work: it says so."""
    progress.note("loading the encoder: the text of an item is new or changed ...")
    loaded = load_encoder_of(encoder, layout)
    progress.note("the encoder is loaded")
    return loaded


@contextmanager
def rebuild_encoder(
    encoder: str | None, layout: str | None, ray: "RaySettings", progress: "Progress"
) -> "Iterator[ItemEncoder]":
    """The encoder of a rebuild: of this process, or with a Ray cluster behind it."""
    if not ray.ray:
        yield load_encoder_of(encoder, layout)
        return
    from indexer.encoder.distributed.distributed_encoder import distributed
    from indexer.settings import EncoderSettings
    from plugin_config.settings import load

    settings = load(EncoderSettings, encoder=encoder, layout=layout)
    with distributed(settings, ray, progress.note) as distributed_encoder:
        yield distributed_encoder
