"""Creates and updates index templates and indexes to match the code; safe to repeat."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from plugin_config.errors import ConfigMismatch, SettingsError
from plugin_config.mapping_changes import differences, mapping_changes
from plugin_config.ownership import (
    carries_mark,
    foreign_indexes,
    foreign_lines,
    refusal,
    refuse_foreign_stores,
)
from plugin_config.schema import MARK, META, TEMPLATES, IndexNames, load_template
from plugin_config.template_overlaps import template_overlaps

CHANGEABLE_SETTINGS = ("index.auto_expand_replicas", "index.refresh_interval")


@dataclass(frozen=True)
class Change:
    """One difference between cluster and code, which `apply` removes, or a remark on one."""

    kind: Literal["created", "updated", "removed", "rebuild due", "overlaps"]
    target: Literal["template", "index"]
    name: str
    details: tuple[str, ...] = ()

    @property
    def is_remark(self) -> bool:
        """Whether `apply` leaves it as it is."""
        return self.kind in ("rebuild due", "overlaps")

    def __str__(self) -> str:
        return "\n    ".join([f"{self.kind}: {self.target} {self.name}", *self.details])


def apply(
    client: OpenSearch,
    names: IndexNames,
    *,
    analyzer: str | None = None,
    adopt: Collection[str] = (),
    dry_run: bool = False,
) -> list[Change]:
    """Create or update templates, and the indexes for sessions and UBI; compare the items index.

    Returns what was changed, or with `dry_run` what would be. A difference that OpenSearch can't
    change in place is a `Change` of kind "rebuild due", and stays. Without an `analyzer` the
    template says `english`, and an items index keeps the analyzer that it was created with.
    `adopt` names indexes of sessions and UBI that become ours although they lack our mark.

    Raises:
        ForeignIndex: something that we did not make has one of our names; nothing was changed.
        ConfigMismatch: the cluster does not know the analyzer, or refuses a template; or a template
            that we did not make wins over ours.
        SettingsError: `adopt` names another index.
    """
    _check_analyzer(client, analyzer or "english")
    refuse_all_foreign(client, names, adopt)
    changes = [
        Change("overlaps", "template", overlap.name, (str(overlap),))
        for overlap in template_overlaps(client, names)
    ]
    for which in TEMPLATES:
        template = load_template(which, names.prefix, analyzer or "english")
        changes += _remove_earlier(client, names, which, dry_run)
        changes += _apply_template(client, names.template(which), template, dry_run)
        if which == "items":
            changes += _compare_items(client, names, analyzer, dry_run)
            continue
        index, body = names.prefix + which, template["template"]
        if client.indices.exists(index=index):
            changes += _apply_mapping(client, index, body["mappings"], dry_run)
            changes += _apply_settings(client, index, body["settings"], dry_run)
            changes += _apply_alias(client, index, dry_run)
        else:
            changes.append(Change("created", "index", index))
            if not dry_run:
                _create(client, index, body)
    return changes


def ensure_indexes(client: OpenSearch, names: IndexNames) -> None:
    """Create what is missing of the indexes for sessions and UBI, of their aliases and templates.

    Nothing else is changed. Raises ForeignIndex when one of them exists and we did not make it.
    """
    refuse_foreign_stores(client, names)
    templates = {
        which: load_template(which, names.prefix) for which in TEMPLATES if which != "items"
    }
    for which, template in templates.items():
        if not client.indices.exists(index=names.prefix + which):
            _create(client, names.prefix + which, template["template"])
    refuse_foreign_stores(client, names)  # another application may have been faster
    for which, template in templates.items():
        _apply_alias(client, names.prefix + which, dry_run=False)
        if all(_template(client, name) is None for name in names.templates(which)):
            _apply_template(client, names.template(which), template, dry_run=False)


def refuse_all_foreign(client: OpenSearch, names: IndexNames, adopt: Collection[str] = ()) -> None:
    """Raises ForeignIndex when an index, an alias or a template with one of our names is not ours.

    `adopt` names indexes of sessions and UBI that need no mark; SettingsError for any other.
    """
    if unknown := sorted(set(adopt) - set(names.stores)):
        raise SettingsError(f"--adopt {unknown[0]}: allowed are {', '.join(names.stores)}")
    targets = (names.items, names.items_building, *names.stores, *_patterns("items", names))
    foreign = {
        index: aliases
        for index, aliases in foreign_indexes(client, *targets).items()
        if index not in adopt
    }
    lines = foreign_lines(foreign, targets)
    for name in sorted(name for which in TEMPLATES for name in names.templates(which)):
        current = _template(client, name)
        if current is not None and not carries_mark(current.get("_meta", {})):
            lines.append(f"the template {name}")
    if lines:
        raise refusal(lines, sorted(foreign.keys() & set(names.stores)))


def _patterns(which: str, names: IndexNames) -> list[str]:
    patterns: list[str] = load_template(which, names.prefix)["index_patterns"]
    return patterns


def _create(client: OpenSearch, index: str, body: dict[str, Any]) -> None:
    try:
        client.indices.create(index=index, body=body)
    except RequestError as error:
        # Of two services that start together, the second finds the index created.
        if error.error != "resource_already_exists_exception":
            raise


def _check_analyzer(client: OpenSearch, analyzer: str) -> None:
    try:
        client.indices.analyze(body={"analyzer": analyzer, "text": "one"})
    except RequestError as error:
        raise ConfigMismatch(
            f"the cluster does not know the analyzer {analyzer!r} ({_reason(error)}). Use one that "
            "it knows (english, cjk, standard, ...) or install its plugin."
        ) from None


def _template(client: OpenSearch, name: str) -> dict[str, Any] | None:
    """The template of that name; None if there is none."""
    try:
        response = client.indices.get_index_template(name=name)
    except NotFoundError:
        return None
    template: dict[str, Any] = response["index_templates"][0]["index_template"]
    return template


def _remove_earlier(
    client: OpenSearch, names: IndexNames, which: str, dry_run: bool
) -> list[Change]:
    """Remove a template under its earlier name: OpenSearch refuses two for the same indexes."""
    name = names.earlier_template(which)
    if name == names.template(which) or _template(client, name) is None:
        return []
    if not dry_run:
        client.indices.delete_index_template(name=name)
    return [Change("removed", "template", name)]


def _apply_template(
    client: OpenSearch, name: str, template: dict[str, Any], dry_run: bool
) -> list[Change]:
    current = _template(client, name)
    if current is None:
        change = Change("created", "template", name)
    else:
        details = tuple(differences(template, current))
        if not details:
            return []
        change = Change("updated", "template", name, details)
    if not dry_run:
        try:
            client.indices.put_index_template(name=name, body=template)
        except RequestError as error:
            raise ConfigMismatch(
                f"the cluster refuses the template {name}: {_reason(error)}. Change "
                "LIVE_INTENT_INDEX_PREFIX or the template that it names."
            ) from None
    return [change]


def _compare_items(
    client: OpenSearch, names: IndexNames, analyzer: str | None, dry_run: bool
) -> list[Change]:
    if not client.indices.exists_alias(name=names.items):
        return []
    changes = []
    for index, response in client.indices.get_mapping(index=names.items).items():
        meta = response["mappings"].get("_meta", {}).get(META, {})
        own_analyzer = analyzer or meta.get("analyzer", "english")
        target = load_template("items", names.prefix, own_analyzer)["template"]
        fix = "run: live-intent index rebuild CATALOGUE"
        other_analysis = _analysis_differs(client, index, target["settings"]["index.analysis"])
        if not other_analysis:
            changes += _apply_mapping(client, index, target["mappings"], dry_run, fix)
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
    current.get("filter", {}).pop("compounds", None)
    for analyzer in current.get("analyzer", {}).values():
        filters = analyzer.get("filter")
        if isinstance(filters, list) and "compounds" in filters:
            filters.remove("compounds")
    return any(differences(target, current))


def _apply_mapping(
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


def _apply_settings(
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


def _apply_alias(client: OpenSearch, index: str, dry_run: bool) -> list[Change]:
    """Give the index the alias that it is written through, and no other index."""
    alias = IndexNames.writing(index)
    if client.indices.exists_alias(name=alias, index=index):
        return []
    if not dry_run:
        client.indices.put_alias(index=index, name=alias)
    return [Change("updated", "index", index, (f"alias: (none) -> {alias}",))]


def _reason(error: RequestError) -> str:
    info = error.info if isinstance(error.info, dict) else {}
    cause = info.get("error", {})
    while isinstance(cause.get("caused_by"), dict):
        cause = cause["caused_by"]
    return str(cause.get("reason", error.error))
