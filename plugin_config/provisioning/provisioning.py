"""Creates and updates index templates and indexes to match the code; safe to repeat."""

from collections.abc import Collection, Mapping
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from plugin_config.errors import ConfigMismatch, SettingsError
from plugin_config.ownership import (
    carries_mark,
    foreign_indexes,
    foreign_lines,
    refusal,
    refuse_foreign,
    refuse_foreign_stores,
)
from plugin_config.provisioning.provisioned_change import Change, refusal_reason
from plugin_config.provisioning.provisioned_indexes import (
    add_missing_fields,
    apply_alias,
    apply_mapping,
    apply_settings,
    compare_items,
    create_index,
)
from plugin_config.provisioning.provisioned_templates import (
    apply_template,
    current_template,
    remove_earlier,
)
from plugin_config.provisioning.template_overlaps import template_overlaps
from plugin_config.schema import ENGINE_MODELS, TEMPLATES, IndexNames, load_template

AS_THEY_ARE: Mapping[str, str] = {}


def apply(
    client: OpenSearch,
    names: IndexNames,
    *,
    analyzer: str | None = None,
    adopt: Collection[str] = (),
    dry_run: bool = False,
    vectors: Mapping[str, str] = AS_THEY_ARE,
) -> list[Change]:
    """Create or update templates, and the indexes of TEMPLATES; compare the items index.

    Returns what was changed, or with `dry_run` what would be. A difference that OpenSearch can't
    change in place is a `Change` of kind "rebuild due", and stays. Without an `analyzer` the
    template says `english`, and an items index keeps the analyzer that it was created with.
    `adopt` names indexes of sessions and UBI that become ours although they lack our mark.
    `vectors`: the `engine` and the `quantization` that settings name.

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
        changes += remove_earlier(client, names, which, dry_run)
        changes += apply_template(client, names.template(which), template, dry_run)
        if which == "items":
            changes += compare_items(client, names, analyzer, dry_run, vectors)
            continue
        index, body = names.prefix + which, template["template"]
        if client.indices.exists(index=index):
            changes += apply_mapping(client, index, body["mappings"], dry_run)
            changes += apply_settings(client, index, body["settings"], dry_run)
            changes += apply_alias(client, index, dry_run)
        else:
            changes.append(Change("created", "index", index))
            if not dry_run:
                create_index(client, index, body)
    return changes


def ensure_indexes(client: OpenSearch, names: IndexNames) -> None:
    """Create what is missing of the indexes for sessions, UBI, rules, experiments and the history
    of rebuilds, their fields, aliases and templates. That of API keys is made with the first
    key, that of the plugin's models with the first rebuild.

    Nothing else is changed. Raises ForeignIndex when one of sessions and UBI exists and we did not
    make it; an index of rules, experiments or rebuilds that we did not make is left alone.
    """
    refuse_foreign_stores(client, names)
    beside = ("rules", "experiments", "rebuilds")
    others = {which for which in beside if foreign_indexes(client, names.prefix + which)}
    templates = {
        which: load_template(which, names.prefix)
        for which in TEMPLATES
        if which not in ("items", "keys", ENGINE_MODELS) and which not in others
    }
    for which, template in templates.items():
        if not client.indices.exists(index=names.prefix + which):
            create_index(client, names.prefix + which, template["template"])
    refuse_foreign_stores(client, names)  # another application may have been faster
    for which, template in templates.items():
        _complete(client, names, which, template)


def reindexing_due(client: OpenSearch, names: IndexNames) -> list[Change]:
    """What indexes of sessions and UBI of an earlier version have that can't be changed in place.

    They are written and read all the same; what needs the new fields is missing.
    """
    due: list[Change] = []
    for index in names.stores:
        target = load_template(index.removeprefix(names.prefix), names.prefix)["template"]
        changes = apply_mapping(client, index, target["mappings"], dry_run=True)
        due += [change for change in changes if change.kind == "rebuild due"]
    return due


def ensure_keys_index(client: OpenSearch, names: IndexNames) -> None:
    """Create the index of API keys if it is missing. Raises ForeignIndex where it is not ours."""
    template = load_template("keys", names.prefix)
    if not client.indices.exists(index=names.keys):
        create_index(client, names.keys, template["template"])
    refuse_foreign(client, (names.keys, names.writing(names.keys)))
    _complete(client, names, "keys", template)


def _complete(client: OpenSearch, names: IndexNames, which: str, template: dict[str, Any]) -> None:
    """Give an index the fields, the alias and the template that it lacks."""
    add_missing_fields(client, names.prefix + which, template["template"]["mappings"])
    apply_alias(client, names.prefix + which, dry_run=False)
    if all(current_template(client, name) is None for name in names.templates(which)):
        apply_template(client, names.template(which), template, dry_run=False)


def refuse_all_foreign(client: OpenSearch, names: IndexNames, adopt: Collection[str] = ()) -> None:
    """Raises ForeignIndex when an index, an alias or a template with one of our names is not ours.

    `adopt` names indexes of sessions and UBI that need no mark; SettingsError for any other.
    """
    if unknown := sorted(set(adopt) - set(names.stores)):
        raise SettingsError(f"--adopt {unknown[0]}: allowed are {', '.join(names.stores)}")
    aliases = (names.items, names.items_building, names.suggestions)
    kept = (names.rules, names.experiments, names.rebuilds, names.keys, names.engine_models)
    rules = (*kept, *map(names.writing, kept))
    patterns = (names.suggestions_pattern, *_patterns("items", names))
    deletions = (names.deletions, names.deletions_writing)
    targets = (*aliases, *names.store_names, *rules, *deletions, *patterns)
    foreign = {
        index: aliases
        for index, aliases in foreign_indexes(client, *targets).items()
        if index not in adopt
    }
    lines = foreign_lines(foreign, targets)
    for name in sorted(name for which in TEMPLATES for name in names.templates(which)):
        current = current_template(client, name)
        if current is not None and not carries_mark(current.get("_meta", {})):
            lines.append(f"the template {name}")
    if lines:
        raise refusal(lines, sorted(foreign.keys() & set(names.stores)))


def _patterns(which: str, names: IndexNames) -> list[str]:
    patterns: list[str] = load_template(which, names.prefix)["index_patterns"]
    return patterns


def _check_analyzer(client: OpenSearch, analyzer: str) -> None:
    try:
        client.indices.analyze(body={"analyzer": analyzer, "text": "one"})
    except RequestError as error:
        raise ConfigMismatch(
            f"the cluster does not know the analyzer {analyzer!r} ({refusal_reason(error)}). "
            "Use one that it knows (english, cjk, standard, ...) or install its plugin."
        ) from None
