"""The encoder that a command's options name."""

from typing import Any


def load_encoder_of(encoder: str | None, layout: str | None) -> Any:
    """The encoder of the settings, where the options --encoder and --layout say nothing."""
    from indexer.encoder.loading import load_encoder
    from indexer.settings import EncoderSettings
    from plugin_config.settings import load

    return load_encoder(load(EncoderSettings, encoder=encoder, layout=layout))
