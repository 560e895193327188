"""TLS to the cluster by a private authority: who is believed, and what is said of who is not."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from plugin_config.connection.client import connect, ping_or_raise
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from tests.integration.command_line import invoke, process_environment
from tests.integration.security.tls_proxy import tls_proxy

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="A shop")


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="module")
def tls_port(authority: trustme.CA, node_url: str) -> Iterator[int]:
    """The port where the node answers with a certificate for `localhost`, and for nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with tls_proxy(node_url, context) as port:
        yield port


@pytest.fixture
def refusal(tls_port: int) -> Callable[..., str]:
    """What a client says that does not believe the node; `host`: the name that it asks for."""

    def said(host: str = "localhost", **settings: object) -> str:
        url = f"https://{host}:{tls_port}"
        client = connect(load(ClusterSettings, opensearch_url=url, **settings))
        with pytest.raises(ClusterUnavailable) as raised:
            ping_or_raise(client)
        client.close()
        return str(raised.value)

    return said


def test_the_authority_of_the_setting_is_believed(tls_port, ca_file):
    settings = load(
        ClusterSettings, opensearch_url=f"https://localhost:{tls_port}", opensearch_ca_file=ca_file
    )
    client = connect(settings)
    assert ping_or_raise(client)["version"]["distribution"] == "opensearch"
    client.close()


def test_an_unknown_authority_is_refused_and_the_setting_named(refusal, tmp_path):
    another = tmp_path / "another.pem"
    trustme.CA(organization_name="Another").cert_pem.write_to_path(another)
    for said in (refusal(), refusal(opensearch_ca_file=another)):
        assert "its certificate is not trusted" in said
        assert "LIVE_INTENT_OPENSEARCH_CA_FILE" in said


def test_a_certificate_of_another_host_is_refused(refusal, ca_file):
    said = refusal("127.0.0.1", opensearch_ca_file=ca_file)
    assert "127.0.0.1" in said
    assert "for another host" in said
    assert "LIVE_INTENT_OPENSEARCH_URL" in said


def test_commands_speak_tls_too(tls_port, ca_file, fresh_names: IndexNames, tmp_path):
    environment = process_environment(
        opensearch_url=f"https://localhost:{tls_port}",
        opensearch_ca_file=ca_file,
        index_prefix=fresh_names.prefix,
        state_dir=tmp_path,
    )
    result = invoke(environment, "config", "apply")
    assert result.exit_code == 0, result.output
    del environment["LIVE_INTENT_OPENSEARCH_CA_FILE"]
    refused = invoke(environment, "config", "apply")
    assert refused.exit_code != 0
    assert "LIVE_INTENT_OPENSEARCH_CA_FILE" in str(refused.exception) + refused.output
