"""Brings the cluster's templates and indexes to what the code says; safe to repeat."""

from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from plugin_config.errors import ConfigMismatch
from plugin_config.mapping_changes import differences, mapping_changes
from plugin_config.schema import META, TEMPLATES, IndexNames, load_template

CHANGEABLE_SETTINGS = ("index.auto_expand_replicas", "index.refresh_interval")


@dataclass(frozen=True)
class Change:
    """One difference between the cluster and the code, made good unless `kind` says otherwise."""

    kind: Literal["created", "updated", "rebuild due"]
    target: Literal["template", "index"]
    name: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n    ".join([f"{self.kind}: {self.target} {self.name}", *self.details])


def apply(
    client: OpenSearch,
    names: IndexNames,
    *,
    analyzer: str | None = None,
    dry_run: bool = False,
) -> list[Change]:
    """Create or update templates, and the indexes for sessions and UBI; compare the items index.

    Returns what was changed, or with `dry_run` what would be. A difference that OpenSearch can't
    make good in place is a `Change` of kind "rebuild due", and is left as it is. Without an
    `analyzer` the template says `english`, and an items index keeps the one that it was made with.

    Raises:
        ConfigMismatch: the cluster does not know the analyzer, or refuses a template.
    """
    _check_analyzer(client, analyzer or "english")
    changes: list[Change] = []
    for which in TEMPLATES:
        wanted = load_template(which, names.prefix, analyzer or "english")
        changes += _apply_template(client, names.template(which), wanted, dry_run)
        if which == "items":
            changes += _compare_items(client, names, analyzer, dry_run)
            continue
        index, body = names.prefix + which, wanted["template"]
        if client.indices.exists(index=index):
            changes += _apply_mapping(client, index, body["mappings"], dry_run)
            changes += _apply_settings(client, index, body["settings"], dry_run)
        else:
            changes.append(Change("created", "index", index))
            if not dry_run:
                _create(client, index, body)
    return changes


def ensure_indexes(client: OpenSearch, names: IndexNames) -> None:
    """Create the indexes for sessions and UBI where they are missing; change nothing else."""
    for which in TEMPLATES:
        index = names.prefix + which
        if which != "items" and not client.indices.exists(index=index):
            _create(client, index, load_template(which, names.prefix)["template"])


def _create(client: OpenSearch, index: str, body: dict[str, Any]) -> None:
    try:
        client.indices.create(index=index, body=body)
    except RequestError as error:
        # two services that start together both find it missing
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


def _apply_template(
    client: OpenSearch, name: str, wanted: dict[str, Any], dry_run: bool
) -> list[Change]:
    try:
        answer = client.indices.get_index_template(name=name)
        present = answer["index_templates"][0]["index_template"]
    except NotFoundError:
        change = Change("created", "template", name)
    else:
        details = tuple(differences(wanted, present))
        if not details:
            return []
        change = Change("updated", "template", name, details)
    if not dry_run:
        try:
            client.indices.put_index_template(name=name, body=wanted)
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
    for index, found in client.indices.get_mapping(index=names.items).items():
        meta = found["mappings"].get("_meta", {}).get(META, {})
        chosen = analyzer or meta.get("analyzer", "english")
        wanted = load_template("items", names.prefix, chosen)["template"]["mappings"]
        mend = "run: live-intent index rebuild CATALOGUE"
        changes += _apply_mapping(client, index, wanted, dry_run, mend)
    return changes


def _apply_mapping(
    client: OpenSearch,
    index: str,
    wanted: dict[str, Any],
    dry_run: bool,
    mend: str = "reindex it into a new index that this template makes",
) -> list[Change]:
    [present] = client.indices.get_mapping(index=index).values()
    found = mapping_changes(wanted, present["mappings"])
    changes = []
    if found.patch:
        changes.append(Change("updated", "index", index, tuple(found.possible)))
        if not dry_run:
            client.indices.put_mapping(index=index, body=found.patch)
    if found.impossible:
        changes.append(Change("rebuild due", "index", index, (*found.impossible, mend)))
    return changes


def _apply_settings(
    client: OpenSearch, index: str, wanted: dict[str, Any], dry_run: bool
) -> list[Change]:
    [answer] = client.indices.get_settings(index=index, flat_settings=True).values()
    present = answer["settings"]
    new = {
        key: wanted[key]
        for key in CHANGEABLE_SETTINGS
        if key in wanted and str(wanted[key]) != present.get(key)
    }
    if not new:
        return []
    if not dry_run:
        client.indices.put_settings(index=index, body=new)
    details = tuple(f"{key}: {present.get(key, '(none)')} -> {new[key]}" for key in new)
    return [Change("updated", "index", index, details)]


def _reason(error: RequestError) -> str:
    info = error.info if isinstance(error.info, dict) else {}
    cause = info.get("error", {})
    while isinstance(cause.get("caused_by"), dict):
        cause = cause["caused_by"]
    return str(cause.get("reason", error.error))
