"""A node with OpenSearch's security plugin, and ours: TLS on both layers, one user of each role.

The user `shop` is a client that searches items and may do nothing else.

Maven Central has the plugin's archive for few versions, 3.4.0 the newest, and that version of
OpenSearch without the modules that k-NN needs. So the plugin of 3.4.0 runs in a node of 3.5.0: its
descriptor says so.
"""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from opensearchpy import OpenSearchException

from plugin_config.connection.client import connect, ping_or_raise
from plugin_config.errors import ClusterUnavailable
from plugin_config.node import node_process
from plugin_config.node.distribution import downloaded, locked
from plugin_config.node.java import find_java, java_options
from plugin_config.node.plugin_home import plugin_home
from plugin_config.settings import ClusterSettings, load
from tests.integration.waiting import wait_until

PLUGIN_VERSION, VERSION = "3.4.0", "3.5.0"
PLUGIN = ("org.opensearch.plugin", "opensearch-security", f"{PLUGIN_VERSION}.0")
DESCRIPTOR = "plugin-descriptor.properties"
ROLES = Path(__file__).parents[3] / "security"
PASSWORD = "admin"  # of every user of this node; the plugin's own example has this hash
HASH = "$2a$12$VcCDgh2NDk07JGN0rjGbM.Ad41qVR/YFJcgHp0UGns5JDymv..TOG"
USERS = ("admin", "service", "indexer", "evaluator", "analyst", "shop")
SHOP_ROLE = """
shop_search:
  index_permissions:
    - index_patterns: ["live-intent-items*"]
      allowed_actions: ["indices:data/read/search"]
"""
TLS = {
    f"plugins.security.ssl.{layer}.{key}": f"opensearch-security/{file}"
    for layer in ("http", "transport")
    for key, file in (
        ("pemcert_filepath", "node.pem"),
        ("pemkey_filepath", "node.key"),
        ("pemtrustedcas_filepath", "ca.pem"),
    )
}


@dataclass(frozen=True)
class SecuredNode:
    url: str
    ca_file: Path

    def settings(self, user: str, state_dir: Path) -> ClusterSettings:
        """How a user of the node reaches it."""
        return load(
            ClusterSettings,
            opensearch_url=self.url,
            opensearch_user=user,
            opensearch_password=PASSWORD,
            opensearch_ca_file=self.ca_file,
            opensearch_timeout_s=60.0,
            state_dir=state_dir,
        )


@contextmanager
def secured_node(name: str = "test-secured") -> Iterator[SecuredNode]:
    """Run the node; its installation stays in the state folder for the next run."""
    state = load(ClusterSettings).state_dir
    state.mkdir(parents=True, exist_ok=True)
    java = find_java()
    with locked(state):
        home = _with_plugin(state, plugin_home(state, java, print, VERSION))
        folder, port = state / "nodes" / name, node_process.free_port()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _configure(home / "config" / "opensearch-security")
        own = {
            **TLS,
            "plugins.security.ssl.http.enabled": "true",
            "plugins.security.ssl.transport.enforce_hostname_verification": "false",
            "plugins.security.restapi.roles_enabled": '["all_access"]',
            "plugins.security.allow_default_init_securityindex": "true",
        }
        pid = node_process.spawn(home, folder, name, port, java, heap="1g", own=own)
    ca_file = home / "config" / "opensearch-security" / "ca.pem"
    node = SecuredNode(f"https://localhost:{port}", ca_file)
    client = connect(node.settings("admin", folder))

    def ready() -> bool:
        try:
            ping_or_raise(client)
            return str(client.cluster.health()["status"]) in ("green", "yellow")
        except (ClusterUnavailable, OpenSearchException):
            assert node_process.runs(pid, folder), (folder / "logs" / "console.log").read_text()
            return False

    try:
        wait_until(ready, timeout_s=400)
        yield node
    finally:
        client.close()
        node_process.end(pid, folder)
        shutil.rmtree(folder, ignore_errors=True)


def _with_plugin(state: Path, plain: Path) -> Path:
    """The installation with the plugin, made beside the plain one."""
    home = state / f"{plain.name}-secured"
    if (home / "plugins" / "opensearch-security").is_dir():
        return home
    archive = downloaded(state, f"opensearch-security-{PLUGIN_VERSION}.0.zip", print, PLUGIN)
    patched = archive.with_name(f"opensearch-security-for-{VERSION}.zip")
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(patched, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == DESCRIPTOR:
                content = content.replace(
                    f"opensearch.version={PLUGIN_VERSION}".encode(),
                    f"opensearch.version={VERSION}".encode(),
                )
            target.writestr(entry, content)
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(plain, home)
    java = find_java()
    subprocess.run(
        [home / "bin" / "opensearch-plugin", "install", "--batch", patched.as_uri()],
        env={
            "PATH": "/usr/bin:/bin",
            "OPENSEARCH_JAVA_HOME": str(java.home),
            "OPENSEARCH_JAVA_OPTS": java_options(),
        },
        check=True,
        capture_output=True,
    )
    for path in home.rglob("*"):  # the node may run as another user
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    return home


def _configure(folder: Path) -> None:
    """Write certificates of a new authority, users, and the roles of this project."""
    folder.chmod(0o755)
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", common_name="node")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "node.pem")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    (folder / "node.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    users = ['_meta:\n  type: "internalusers"\n  config_version: 2\n']
    users += [f'{name}:\n  hash: "{HASH}"\n' for name in USERS]
    (folder / "internal_users.yml").write_text("".join(users))
    mapping = (ROLES / "roles_mapping.yml").read_text()
    mapping += '\nall_access:\n  users: ["admin"]\n\nshop_search:\n  users: ["shop"]\n'
    (folder / "roles_mapping.yml").write_text(mapping)
    (folder / "roles.yml").write_text((ROLES / "roles.yml").read_text() + SHOP_ROLE)
    for path in folder.iterdir():
        path.chmod(0o644)
