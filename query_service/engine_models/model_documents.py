"""The index of model documents: written by rebuilds and by `config apply --pipeline`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.learned_bundle import LearnedBundle
from indexer.bundle.model_bundle import ModelBundle
from indexer.index.context import IndexContext
from indexer.index.generations import READY, Generation, generations
from indexer.settings import EncoderSettings
from plugin_config.connection.client import cluster_unavailable
from plugin_config.ownership import refuse_foreign
from plugin_config.provisioning.mapping_changes import differences
from plugin_config.provisioning.provisioned_change import Change
from plugin_config.provisioning.provisioned_indexes import create_index
from plugin_config.schema import ENGINE_MODELS, IndexNames, load_template
from plugin_config.settings import ClusterSettings, load
from query_service.engine_models.engine_model import engine_model
from query_service.settings import ServiceSettings


@dataclass(frozen=True)
class ModelDocuments:
    """The model documents of the items indexes of one installation.

    `bundles`: the folder of model bundles; `learned`: the learned bundle of the settings.
    """

    client: OpenSearch
    names: IndexNames
    bundles: Path
    settings: ServiceSettings
    learned: LearnedBundle | None = None

    @classmethod
    def of_settings(cls, client: OpenSearch, names: IndexNames, bundles: Path) -> Self:
        """Those that the settings of the environment give. Raises BundleError, SettingsError."""
        folder = load(EncoderSettings).bundle
        learned = LearnedBundle.open(folder) if folder else None
        return cls(client, names, bundles, load(ServiceSettings), learned)

    def write(self, generation: Generation) -> None:
        """Write the document of an items index, before its alias moves.

        Raises BundleError, ForeignIndex, OpenSearchException.
        """
        self._put(generation.index, self._model(generation))

    def apply(self, *, dry_run: bool = False) -> list[Change]:
        """Write the documents that are missing or differ, of the live index and those kept.

        Returns what was changed, or with `dry_run` what would be. Raises BundleError: that of the
        live index is not here; ForeignIndex, ClusterUnavailable.
        """
        try:
            kept = generations(self.client, self.names)
            usable = [each for each in kept if each.live or each.state == READY]
            stored = self._stored([each.index for each in usable])
            changes = []
            for generation in usable:
                try:
                    model = self._model(generation)
                except BundleError:
                    if generation.live:
                        raise
                    continue  # a roll-back to it fails in the service too
                change = _change(generation.index, model, stored.get(generation.index))
                if change is not None:
                    changes.append(change)
                    if not dry_run:
                        self._put(generation.index, model)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "write the plugin's models") from error
        return changes

    def _model(self, generation: Generation) -> dict[str, Any]:
        bundle = ModelBundle.load(self.bundles / generation.bundle)
        return engine_model(bundle, self.settings, self.learned, generation.index)

    def _stored(self, indexes: list[str]) -> dict[str, dict[str, Any]]:
        if not indexes:
            return {}
        answer = self.client.mget(body={"ids": indexes}, index=self.names.engine_models)
        return {each["_id"]: each["_source"] for each in answer["docs"] if each.get("found")}

    def _put(self, index: str, model: dict[str, Any]) -> None:
        alias = self.names.writing(self.names.engine_models)
        params = {"require_alias": "true"}
        answer = self.client.index(
            index=alias, id=index, body=model, params={**params, "ignore": 404}
        )
        if "error" in answer:
            refuse_foreign(self.client, (self.names.engine_models, alias))
            template = load_template(ENGINE_MODELS, self.names.prefix)["template"]
            create_index(self.client, self.names.engine_models, template)
            self.client.index(index=alias, id=index, body=model, params=params)


def write_model(context: IndexContext, generation: Generation) -> None:
    """Write the model document of an index that a rebuild filled, by the environment's settings."""
    documents = ModelDocuments.of_settings(context.client, context.names, context.bundles_dir)
    documents.write(generation)


def apply_models(client: OpenSearch, cluster: ClusterSettings, *, dry_run: bool) -> list[Change]:
    """What `live-intent config apply --pipeline` does, see `ModelDocuments.apply`."""
    names = IndexNames(cluster.index_prefix)
    return ModelDocuments.of_settings(client, names, cluster.bundles_dir).apply(dry_run=dry_run)


def _change(index: str, model: dict[str, Any], stored: dict[str, Any] | None) -> Change | None:
    if stored is None:
        return Change("created", "model", index)
    details = tuple(_shortened(line) for line in differences(model, stored))
    return Change("updated", "model", index, details) if details else None


def _shortened(line: str) -> str:
    """A line that shows no whole projection."""
    return line if len(line) <= 200 else f"{line[:200]} ..."
