"""Which cluster and installation a command is about: the options --url and --prefix."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from plugin_config.option_groups import option_group

if TYPE_CHECKING:
    from plugin_config.settings import ClusterSettings


@dataclass(frozen=True)
class ClusterAddress:
    """`url` of the cluster and `prefix` of every name in it; None: as the settings say."""

    url: str | None = None
    prefix: str | None = None

    def settings(self) -> "ClusterSettings":
        """The settings of the cluster, with this address. Raises SettingsError."""
        from plugin_config.settings import ClusterSettings, load

        return load(ClusterSettings, opensearch_url=self.url, index_prefix=self.prefix)


cluster_options = option_group(
    "address",
    ClusterAddress,
    click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL]."),
    click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX]."),
)
