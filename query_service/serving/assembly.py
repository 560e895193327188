"""Services made from settings: with the encoder loaded, or around one that is."""

from pathlib import Path
from typing import TYPE_CHECKING

from indexer.settings import EncoderSettings
from plugin_config.connection.client import connect
from plugin_config.settings import ClusterSettings, load
from query_service.context import QueryEncoder
from query_service.models import load_models
from query_service.serving.batching import BatchingEncoder
from query_service.serving.service import Service
from query_service.settings import ServiceSettings

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder


def make_service(
    settings: ServiceSettings,
    cluster: ClusterSettings,
    encoder: QueryEncoder | None = None,
    shared: Path | None = None,
) -> Service:
    """A service from the settings, not started yet; loads the encoder unless one is given.

    `shared`: see `Service`.
    """
    if encoder is not None:
        models = load_models(None, encoder.spec)
        return Service(settings, cluster, connect(cluster), encoder, models, shared=shared)
    from indexer.encoder.loading import load_encoder

    return service_of(settings, cluster, load_encoder(load(EncoderSettings)), shared)


def service_of(
    settings: ServiceSettings,
    cluster: ClusterSettings,
    loaded: "Encoder",
    shared: Path | None = None,
) -> Service:
    """A service around a loaded encoder, with the models of the settings' bundle; not started."""
    models = load_models(load(EncoderSettings).bundle, loaded.spec, device=loaded.device)
    return Service(
        settings, cluster, connect(cluster), BatchingEncoder(loaded), models, shared=shared
    )


def start_beside(service: Service, settings: ServiceSettings, cluster: ClusterSettings) -> Service:
    """Start a service on the indexes of `cluster`; it shares models and keys, and ends with it.

    It waits for an index as `service` does. Raises EncoderMismatch, BundleError.
    """
    other = Service(
        settings, cluster, connect(cluster), service.encoder, service.models,
        key_ring=service.key_ring, shared=service.shared,
    )  # fmt: skip
    service.beside.append(other)
    other.start(service.waits)
    return other
