"""The options that name the encoder of a command, and the encoder that they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from plugin_config.option_groups import option_group

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder
    from indexer.index.item_vectors import ItemEncoder
    from indexer.progress import Progress
    from indexer.settings import EncoderSettings, RaySettings


@dataclass(frozen=True)
class EncoderOptions:
    """The model and the layout of item vectors; None: as the settings say."""

    encoder: str | None
    layout: str | None

    def settings(self) -> "EncoderSettings":
        """The settings of the encoder, with these options. Raises SettingsError."""
        from indexer.settings import EncoderSettings
        from plugin_config.settings import load

        return load(EncoderSettings, encoder=self.encoder, layout=self.layout)

    def load(self) -> "Encoder":
        """The encoder, loaded in this process."""
        from indexer.encoder.loading import load_encoder

        return load_encoder(self.settings())

    def load_when_needed(self, progress: "Progress") -> "Encoder":
        """As `load`, in the midst of other work: it says so."""
        progress.note("loading the encoder: the text of an item is new or changed ...")
        loaded = self.load()
        progress.note("the encoder is loaded")
        return loaded

    @contextmanager
    def for_rebuild(self, ray: "RaySettings", progress: "Progress") -> "Iterator[ItemEncoder]":
        """The encoder of a rebuild: of this process, or with a Ray cluster behind it."""
        if not ray.ray:
            yield self.load()
            return
        from indexer.encoder.distributed.distributed_encoder import distributed

        with distributed(self.settings(), ray, progress.note) as distributed_encoder:
            yield distributed_encoder


encoder_options = option_group(
    "encoder",
    EncoderOptions,
    click.option("--encoder", help="Model: a short name, a folder, a name [LIVE_INTENT_ENCODER]."),
    click.option(
        "--layout",
        type=click.Choice(["sum", "concat"]),
        help="Layout of item vectors [LIVE_INTENT_LAYOUT].",
    ),
)
