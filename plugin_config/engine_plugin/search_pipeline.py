"""The search pipeline that personalises searches: made, made the default of items, taken away."""

from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from plugin_config.engine_plugin.cluster_plugins import node_plugins, refuse_nodes_without_plugin
from plugin_config.engine_plugin.settings import PipelineSettings
from plugin_config.errors import ConfigMismatch
from plugin_config.ownership import ForeignIndex, carries_mark
from plugin_config.provisioning.mapping_changes import differences
from plugin_config.provisioning.provisioned_change import Change, refusal_reason
from plugin_config.schema import PRODUCT, IndexNames

PROCESSOR = "live_intent"  # the type of all three
MADE_BY = f"made by {PRODUCT}"  # how the description of ours ends
DEFAULT_PIPELINE = "index.search.default_pipeline"
NO_PIPELINE = "_none"


@dataclass(frozen=True)
class SearchPipeline:
    """The pipeline of an installation in a cluster."""

    client: OpenSearch
    names: IndexNames

    def check(self, *, default: bool) -> None:
        """Raises what `put` raises, before anything is changed.

        ConfigMismatch: a node lacks the plugin; with `default` also: there is no items index, or
        somebody gave it another default pipeline. ForeignIndex: the pipeline is not ours.
        """
        refuse_nodes_without_plugin(node_plugins(self.client))
        self._refuse_foreign()
        if default:
            for index, current in self._live().items():
                if current not in ("", NO_PIPELINE, self.names.search_pipeline):
                    raise ConfigMismatch(
                        f"the index {index} has the default pipeline {current}, which Live Intent "
                        f"did not set, so nothing was changed. Take it off ({DEFAULT_PIPELINE}: "
                        f"null), or add the parts of {self.names.search_pipeline} to it"
                    )

    def put(self, settings: PipelineSettings, *, default: bool, dry_run: bool) -> list[Change]:
        """Bring the pipeline to the settings; with `default` every search of items uses it."""
        self.check(default=default)
        name, target = self.names.search_pipeline, pipeline_body(self.names, settings)
        changes, current = [], self.current()
        if current is None:
            changes.append(Change("created", "pipeline", name))
        elif details := tuple(differences(_by_processor(target), _by_processor(current))):
            changes.append(Change("updated", "pipeline", name, details))
        if changes and not dry_run:
            try:
                self.client.search_pipeline.put(id=name, body=target)
            except RequestError as error:
                raise ConfigMismatch(
                    f"the cluster refuses the search pipeline {name}: {refusal_reason(error)}. "
                    "Install this version's plugin on every node: live-intent plugin status"
                ) from None
        if default:
            live = self._live()
            others = [index for index, current_name in live.items() if current_name != name]
            changes += self._set_default(others, name, dry_run)
        return changes

    def take_off_default(self, *, dry_run: bool) -> list[Change]:
        """Leave searches of items, also of kept indexes, without it unless they name it."""
        name = self.names.search_pipeline
        ours = [index for index, current in self._own_defaults().items() if current == name]
        return self._set_default(ours, None, dry_run)

    def remove(self, *, dry_run: bool) -> list[Change]:
        """Take the pipeline away, as a default too. Raises ForeignIndex if it is not ours."""
        self._refuse_foreign()
        changes = self.take_off_default(dry_run=dry_run)
        if self.current() is not None:
            changes.append(Change("removed", "pipeline", self.names.search_pipeline))
            if not dry_run:
                self.client.search_pipeline.delete(id=self.names.search_pipeline)
        return changes

    def current(self) -> dict[str, Any] | None:
        """The pipeline as the cluster has it; None if there is none."""
        name = self.names.search_pipeline
        try:
            body: dict[str, Any] = self.client.search_pipeline.get(id=name)[name]
        except NotFoundError:
            return None
        return body

    def is_ours(self) -> bool:
        """Whether it is there and carries our mark."""
        current = self.current()
        return current is not None and str(current.get("description", "")).endswith(MADE_BY)

    def default_of(self) -> list[str]:
        """The items indexes of ours whose searches use it."""
        name = self.names.search_pipeline
        return [index for index, current in self._own_defaults().items() if current == name]

    def _refuse_foreign(self) -> None:
        if self.current() is not None and not self.is_ours():
            raise ForeignIndex(
                f"Live Intent did not make the search pipeline {self.names.search_pipeline} (its "
                f"description does not end with {MADE_BY!r}), so nothing was changed. Set "
                "LIVE_INTENT_INDEX_PREFIX or --prefix to one that nobody else in this cluster uses."
            )

    def _live(self) -> dict[str, str]:
        """The index behind the alias, with its default pipeline. Raises ConfigMismatch for none."""
        if not self.client.indices.exists_alias(
            name=self.names.items, index=self.names.items_pattern
        ):
            raise ConfigMismatch(self.names.no_items)
        return default_pipelines(self.client, self.names.items)

    def _own_defaults(self) -> dict[str, str]:
        """Every items index of ours, with its default pipeline."""
        mappings = self.client.indices.get_mapping(index=self.names.items_pattern)
        ours = {i for i, m in mappings.items() if carries_mark(m["mappings"].get("_meta", {}))}
        defaults = default_pipelines(self.client, self.names.items_pattern)
        return {index: name for index, name in sorted(defaults.items()) if index in ours}

    def _set_default(self, indexes: list[str], name: str | None, dry_run: bool) -> list[Change]:
        for index in [] if dry_run else indexes:
            self.client.indices.put_settings(index=index, body={DEFAULT_PIPELINE: name})
        old, new = (self.names.search_pipeline, "(none)") if name is None else ("(none)", name)
        line = f"{DEFAULT_PIPELINE}: {old} -> {new}"
        return [Change("updated", "index", index, (line,)) for index in indexes]


def pipeline_body(names: IndexNames, settings: PipelineSettings) -> dict[str, Any]:
    """The pipeline: reads the visitor, makes scores of shards comparable, says what was done."""
    person_leg = {"enabled": settings.pipeline_person_leg, "k": settings.pipeline_person_leg_k}
    request = {
        "sessions_index": names.sessions,
        "models_index": names.engine_models,
        "window": settings.pipeline_window,
        "timeout_ms": settings.pipeline_timeout_ms,
        "person_leg": person_leg,
    }
    rank = {"url": settings.pipeline_rank_url, "timeout_ms": settings.pipeline_rank_timeout_ms}
    response = {"rank": rank} if settings.pipeline_rank_url else {}
    return {
        "description": f"Personalises searches that name a session in ext.live_intent; {MADE_BY}",
        "request_processors": [{PROCESSOR: request}],
        "phase_results_processors": [{PROCESSOR: {}}],
        "response_processors": [{PROCESSOR: response}],
    }


def default_pipelines(client: OpenSearch, target: str) -> dict[str, str]:
    """The default pipeline of each index behind `target`; "" where it has none."""
    params = {"flat_settings": "true", "ignore_unavailable": "true"}
    response = client.indices.get_settings(index=target, params=params)
    return {i: str(b["settings"].get(DEFAULT_PIPELINE, "")) for i, b in response.items()}


def keep_default_pipeline(client: OpenSearch, names: IndexNames, index: str) -> None:
    """Give an index that becomes live the default pipeline that the live one has, whosever it is.

    Without a live index it keeps its own.
    """
    live = default_pipelines(client, names.items)
    if not live or index in live:
        return
    wanted = next(iter(live.values()))
    if wanted != default_pipelines(client, index)[index]:
        client.indices.put_settings(index=index, body={DEFAULT_PIPELINE: wanted or None})


def _by_processor(body: dict[str, Any]) -> dict[str, Any]:
    """The body with each list of processors as an object, so that differences name parts."""
    return {
        key: {str(n): each for n, each in enumerate(value)} if isinstance(value, list) else value
        for key, value in body.items()
    }
