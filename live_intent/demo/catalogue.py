"""A sample catalogue of the demo in its index, which is made again only when something changed."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from plugin_config.errors import LiveIntentError
from plugin_config.settings import ClusterSettings, load


class DemoRefused(LiveIntentError):
    """The demo would replace an index that it did not create."""


class StepFailed(LiveIntentError):
    """A command that the demo runs has failed; its own output says why."""


@dataclass(frozen=True)
class DemoIndex:
    """The index that a demo created, and its inputs: equal inputs need no rebuild."""

    index: str
    url: str
    catalogue: str  # hash of the sample catalogue
    encoder: dict[str, object]  # the encoder's settings


@dataclass(frozen=True)
class DemoCatalogue:
    """The sample of a scenario, on the cluster and below the prefix of `settings`."""

    scenario: str
    settings: ClusterSettings
    folder: Path
    is_shop: bool = True

    @classmethod
    def beside(cls, shop: "DemoCatalogue", scenario: str) -> "DemoCatalogue":
        """The sample of another scenario that the same service serves."""
        prefix = f"{shop.settings.index_prefix}{scenario}-"
        settings = shop.settings.model_copy(update={"index_prefix": prefix})
        return cls(scenario, settings, shop.folder, is_shop=False)

    def refuse_others(self) -> None:
        """Check, before anything is written, that the demo changes nothing but its own.

        Raises DemoRefused when the alias has an index that this demo did not create, ForeignIndex
        when something has one of our names that we did not make at all.
        """
        from plugin_config.connection.client import connect, destination, ping_or_raise
        from plugin_config.provisioning.provisioning import refuse_all_foreign
        from plugin_config.schema import IndexNames

        settings = self.settings
        client, names = connect(settings), IndexNames(settings.index_prefix)
        ping_or_raise(client)
        if self.is_shop:
            click.echo("  " + destination(settings, names.items, *names.stores, names.rules))
        refuse_all_foreign(client, names)
        index, recorded = self._current_index(), self._recorded()
        if index and (
            recorded is None or (index, settings.opensearch_url) != (recorded.index, recorded.url)
        ):
            raise DemoRefused(
                f"the index {index} at {settings.opensearch_url} was not made by this demo, which "
                "would replace it: set LIVE_INTENT_INDEX_PREFIX=demo- to keep them apart"
            )

    def make(self, environment: Mapping[str, str]) -> None:
        """Apply the configuration and, unless the alias has the sample, index it.

        Raises StepFailed.
        """
        from indexer.settings import EncoderSettings
        from live_intent.sample.pictures import write_pictures
        from live_intent.sample.samples import SAMPLES

        rebuild_due = self._configure()
        sample = SAMPLES[self.scenario]
        write_pictures(self.folder / "images", sample.pictures())
        file = self.folder / sample.file
        encoder = load(EncoderSettings).model_dump(mode="json")
        url = self.settings.opensearch_url
        current = DemoIndex(self._current_index(), url, sample.hash, encoder)
        if current.index and self._recorded() == current and not rebuild_due:
            click.echo(f"  the index {current.index} holds the sample catalogue already")
            return
        option = "" if self.is_shop else f" --scenario {self.scenario}"
        echo_command(f"live-intent sample {relative(file)}{option}")
        click.echo(f"  {sample.write(file):,} items")
        echo_command(f"{self._prefix}live-intent index rebuild {relative(file)}")
        command = [sys.executable, "-m", "live_intent.main", "index", "rebuild", str(file)]
        variables = dict(environment) | {
            "LIVE_INTENT_INDEX_PREFIX": self.settings.index_prefix or "none"
        }
        if subprocess.run(command, env=variables, check=False).returncode:
            raise StepFailed("the index was not made; the lines above say why")
        current = replace(current, index=self._current_index())
        self._record.write_text(json.dumps(asdict(current)), encoding="utf-8")

    def _configure(self) -> bool:
        """Apply the configuration; return whether the live index has an outdated mapping."""
        from plugin_config.connection.client import connect
        from plugin_config.provisioning.provisioning import apply
        from plugin_config.schema import IndexNames

        echo_command(f"{self._prefix}live-intent config apply")
        analyzer = os.environ.get("LIVE_INTENT_ANALYZER")
        names = IndexNames(self.settings.index_prefix)
        changes = apply(connect(self.settings), names, analyzer=analyzer)
        if self.is_shop:
            for change in changes:
                click.echo(f"  {change.kind}: {change.target} {change.name}")
        if not changes:
            click.echo("  nothing to change")
        elif not self.is_shop:
            click.echo(f"  {len(changes)} changes, as above")
        return any(change.kind == "rebuild due" for change in changes)

    @property
    def _prefix(self) -> str:
        """What comes before a command that concerns this catalogue."""
        return "" if self.is_shop else f"LIVE_INTENT_INDEX_PREFIX={self.settings.index_prefix} "

    def _current_index(self) -> str:
        """The name of the index behind the alias `items`; empty when there is none."""
        from plugin_config.connection.client import connect
        from plugin_config.schema import IndexNames

        body = connect(self.settings).indices.get_alias(
            name=IndexNames(self.settings.index_prefix).items, params={"ignore": 404}
        )
        return next((name for name in body if name not in ("error", "status")), "")

    @property
    def _record(self) -> Path:
        return self.folder / ("index.json" if self.is_shop else f"index-{self.scenario}.json")

    def _recorded(self) -> DemoIndex | None:
        try:
            return DemoIndex(**json.loads(self._record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def echo_command(command: str) -> None:
    """Print a command that the demo runs."""
    click.echo(f"$ {command}")


def relative(path: Path) -> str:
    """The path relative to the working directory, as a user would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
