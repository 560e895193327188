"""Settings from environment and arguments; errors name the setting and what is allowed."""

from pathlib import Path

import pytest

from plugin_config.errors import SettingsError
from plugin_config.schema import TEMPLATES, IndexNames
from plugin_config.settings import ClusterSettings, check_environment, known_variables, load


def test_arguments_override_the_environment_and_that_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_TIMEOUT_S", "7.5")
    monkeypatch.setenv("LIVE_INTENT_INDEX_PREFIX", "shop-")
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_USER", "")  # empty: not set
    monkeypatch.setenv("LIVE_INTENT_STATE_DIR", str(tmp_path))
    settings = load(ClusterSettings, index_prefix="test-", opensearch_retries=None)
    assert settings.opensearch_timeout_s == 7.5
    assert settings.index_prefix == "test-"
    assert settings.opensearch_retries == 2
    assert settings.bundles_dir == tmp_path / "bundles"


def test_names_start_with_our_own_prefix_unless_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LIVE_INTENT_INDEX_PREFIX", raising=False)
    ours = IndexNames(load(ClusterSettings).index_prefix)
    assert (ours.items, ours.sessions) == ("live-intent-items", "live-intent-sessions")
    monkeypatch.setenv("LIVE_INTENT_INDEX_PREFIX", "none")
    earlier = IndexNames(load(ClusterSettings).index_prefix)
    assert (earlier.items, earlier.sessions) == ("items", "sessions")
    assert not {ours.template(which) for which in TEMPLATES} & {
        earlier.template(which) for which in TEMPLATES
    }
    with pytest.raises(SettingsError, match="or none"):
        load(ClusterSettings, index_prefix="")


def test_the_address_is_that_of_the_node_in_the_state_folder_unless_one_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LIVE_INTENT_OPENSEARCH_URL", raising=False)
    monkeypatch.setenv("LIVE_INTENT_STATE_DIR", str(tmp_path))
    assert load(ClusterSettings).opensearch_url == "http://127.0.0.1:9200"
    record = tmp_path / "nodes" / "main.json"
    record.parent.mkdir()
    record.write_text('{"name": "main", "url": "http://127.0.0.1:9317", "port": 9317}')
    assert load(ClusterSettings).opensearch_url == "http://127.0.0.1:9317"
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_URL", "http://cluster:9200")
    assert load(ClusterSettings).opensearch_url == "http://cluster:9200"


def test_several_addresses_are_several_hosts() -> None:
    settings = load(ClusterSettings, opensearch_url="http://a:9200, https://b:9200/")
    assert settings.hosts == ["http://a:9200", "https://b:9200"]


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("LIVE_INTENT_OPENSEARCH_TIMEOUT_S", "soon", "valid number"),
        ("LIVE_INTENT_OPENSEARCH_TIMEOUT_S", "0", "greater than 0"),
        ("LIVE_INTENT_OPENSEARCH_TIMEOUT_S", "nan", "finite number"),
        ("LIVE_INTENT_OPENSEARCH_RETRIES", "1.5", "valid integer"),
        ("LIVE_INTENT_OPENSEARCH_VERIFY_CERTS", "maybe", "valid boolean"),
        ("LIVE_INTENT_OPENSEARCH_AWS_SERVICE", "s3", "'es' or 'aoss'"),
        ("LIVE_INTENT_OPENSEARCH_URL", "localhost:9200", "http://host:port"),
        ("LIVE_INTENT_OPENSEARCH_URL", "http://a:99999", "Port out of range"),
        ("LIVE_INTENT_OPENSEARCH_CA_FILE", "/no/such.pem", "PEM file that exists"),
        ("LIVE_INTENT_OPENSEARCH_CA_FILE", __file__, "certificates in PEM form"),
        ("LIVE_INTENT_INDEX_PREFIX", "Shop-", "allowed: a-z, 0-9, '_', '.' and '-'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load(ClusterSettings)
    message = str(caught.value)
    assert message.startswith(f"{variable}={value}: ")
    assert allowed in message
    assert "\n" not in message


def test_a_wrong_option_is_named_by_its_variable() -> None:
    with pytest.raises(SettingsError, match=r"^LIVE_INTENT_OPENSEARCH_RETRIES or its option=-1: "):
        load(ClusterSettings, opensearch_retries=-1)


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_URL", "https://admin:s3cret@a:9200")
    with pytest.raises(SettingsError, match="no user or password in the address") as caught:
        load(ClusterSettings)
    assert "s3cret" not in str(caught.value)
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_URL", "https://a:9200")
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_PASSWORD", "s3cret")
    with pytest.raises(SettingsError, match="set both or neither") as caught:
        load(ClusterSettings)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(load(ClusterSettings, opensearch_user="admin"))


def test_basic_and_aws_authentication_exclude_each_other() -> None:
    with pytest.raises(SettingsError, match="exclude each other"):
        load(
            ClusterSettings,
            opensearch_user="admin",
            opensearch_password="x",
            opensearch_aws_region="eu-west-1",
        )


def test_an_unknown_variable_is_refused_with_the_nearest_known_one() -> None:
    environment = {
        "LIVE_INTENT_OPENSEARCH_ULR": "http://a",
        "LIVE_INTENT_TEST_URL": "x",
        "HOME": "",
    }
    with pytest.raises(SettingsError) as caught:
        check_environment(environment=environment)
    assert str(caught.value) == (
        "LIVE_INTENT_OPENSEARCH_ULR is not a setting; did you mean LIVE_INTENT_OPENSEARCH_URL? "
        "Unset or rename it."
    )
    check_environment(environment={"LIVE_INTENT_OPENSEARCH_URL": "http://a"})


def test_every_setting_is_described() -> None:
    assert "LIVE_INTENT_OPENSEARCH_CA_FILE" in known_variables([ClusterSettings])
    for name, field in ClusterSettings.model_fields.items():
        assert field.description, name
