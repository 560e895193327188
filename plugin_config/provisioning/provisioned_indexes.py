"""The indexes of a cluster, brought to what the code says as far as OpenSearch changes them."""

from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from plugin_config.analysis.index_languages import IndexLanguages
from plugin_config.analysis.text_analysis import TextAnalysis
from plugin_config.analysis.text_fields import language_analyses
from plugin_config.provisioning.mapping_changes import differences, mapping_changes
from plugin_config.provisioning.provisioned_change import Change
from plugin_config.schema import MARK, META, VECTOR, IndexNames, load_template, localize

CHANGEABLE_SETTINGS = ("index.auto_expand_replicas", "index.refresh_interval")


def create_index(client: OpenSearch, index: str, body: dict[str, Any]) -> None:
    try:
        client.indices.create(index=index, body=body)
    except RequestError as error:
        # Of two services that start together, the second finds the index created.
        if error.error != "resource_already_exists_exception":
            raise


def compare_items(
    client: OpenSearch,
    names: IndexNames,
    analyzer: str | None,
    dry_run: bool,
    vectors: Mapping[str, str],
) -> list[Change]:
    """Compare the live index; `vectors`: how settings say that vectors are kept for k-NN."""
    if not client.indices.exists_alias(name=names.items, index=names.items_pattern):
        return []
    changes = []
    for index, response in client.indices.get_mapping(index=names.items).items():
        meta = response["mappings"].get("_meta", {}).get(META, {})
        own_analyzer = analyzer or meta.get("analyzer", "english")
        target = load_template("items", names.prefix, own_analyzer)["template"]
        languages = IndexLanguages.of_meta(meta)
        localize(target, language_analyses(languages, TextAnalysis(own_analyzer), {}))
        fix = "run: live-intent index rebuild CATALOGUE"
        current = {"engine": "lucene", "quantization": "none", **meta.get("hnsw", {})}
        if other := [n for n, value in vectors.items() if str(current[n]) != value]:
            lines = [f"{VECTOR}.{name}: {current[name]} -> {vectors[name]}" for name in other]
            changes.append(Change("rebuild due", "index", index, (*lines, fix)))
        other_analysis = _analysis_differs(client, index, target["settings"]["index.analysis"])
        if not other_analysis:
            changes += apply_mapping(client, index, target["mappings"], dry_run, fix)
            continue
        # Its fields can't name analyzers that the index lacks, and no open index can get them.
        mapping = mapping_changes(target["mappings"], response["mappings"])
        details = (*mapping.impossible, *mapping.possible, "analysis: another version", fix)
        changes.append(Change("rebuild due", "index", index, details))
    return changes


def _analysis_differs(client: OpenSearch, index: str, target: dict[str, Any]) -> bool:
    """Whether the index's analyzers are others than the target's; the words of compounds aside."""
    [response] = client.indices.get_settings(index=index).values()
    current = response["settings"]["index"].get("analysis", {})
    filters = current.get("filter", {})
    compounds = {name for name in filters if name.startswith("compounds")}
    for name in compounds:
        del filters[name]
    for analyzer in current.get("analyzer", {}).values():
        if isinstance(used := analyzer.get("filter"), list):
            analyzer["filter"] = [name for name in used if name not in compounds]
    return any(differences(target, current))


def apply_mapping(
    client: OpenSearch,
    index: str,
    target: dict[str, Any],
    dry_run: bool,
    fix: str = "reindex it into a new index that this template makes",
) -> list[Change]:
    [response] = client.indices.get_mapping(index=index).values()
    mapping = mapping_changes(target, response["mappings"])
    meta = response["mappings"].get("_meta", {})
    if not meta.items() >= MARK.items():  # of an earlier version, or adopted
        mapping.patch["_meta"] = {**meta, **MARK}
        mapping.possible += [f"_meta.{name}: (none) -> {value}" for name, value in MARK.items()]
    changes = []
    if mapping.patch:
        changes.append(Change("updated", "index", index, tuple(mapping.possible)))
        if not dry_run:
            client.indices.put_mapping(index=index, body=mapping.patch)
    if mapping.impossible:
        changes.append(Change("rebuild due", "index", index, (*mapping.impossible, fix)))
    return changes


def add_missing_fields(client: OpenSearch, index: str, target: dict[str, Any]) -> None:
    """Give an index of an earlier version the fields that it lacks at the top level."""
    [response] = client.indices.get_mapping(index=index).values()
    current = response["mappings"].get("properties", {})
    missing = {name: body for name, body in target["properties"].items() if name not in current}
    if missing:
        client.indices.put_mapping(index=index, body={"properties": missing})


def apply_settings(
    client: OpenSearch, index: str, target: dict[str, Any], dry_run: bool
) -> list[Change]:
    [response] = client.indices.get_settings(index=index, flat_settings=True).values()
    current = response["settings"]
    new = {
        key: target[key]
        for key in CHANGEABLE_SETTINGS
        if key in target and str(target[key]) != current.get(key)
    }
    if not new:
        return []
    if not dry_run:
        client.indices.put_settings(index=index, body=new)
    details = tuple(f"{key}: {current.get(key, '(none)')} -> {new[key]}" for key in new)
    return [Change("updated", "index", index, details)]


def apply_alias(client: OpenSearch, index: str, dry_run: bool) -> list[Change]:
    """Give the index the alias that it is written through, and no other index."""
    alias = IndexNames.writing(index)
    if client.indices.exists_alias(name=alias, index=index):
        return []
    if not dry_run:
        client.indices.put_alias(index=index, name=alias)
    return [Change("updated", "index", index, (f"alias: (none) -> {alias}",))]
