"""What a machine of a Ray cluster answers; the cluster itself: integration/test_ray_rebuild.py."""

import pytest

from indexer.encoder.distributed.remote_encoder import RemoteEncoder
from indexer.settings import RaySettings
from plugin_config.errors import SettingsError
from plugin_config.settings import load


def test_a_machine_without_the_model_says_so():
    loaded = RemoteEncoder({"encoder": "/no/such/model"}).load()
    assert "/no/such/model" in loaded.error
    assert loaded.fingerprint == ""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ray_gpus": 1.5}, "whole number"),
        ({"ray_cpus": 0}, "needs a CPU or a GPU"),
        ({"ray": "ray://"}, "HOST:PORT"),
    ],
)
def test_settings_that_no_cluster_can_meet_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        load(RaySettings, **settings)
