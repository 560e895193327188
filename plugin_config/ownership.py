"""Whose an index or a template is: only what carries our mark is ever changed or deleted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException

from plugin_config.errors import LiveIntentError
from plugin_config.schema import META, PRODUCT, IndexNames
from plugin_config.settings import NO_PREFIX

WITHOUT_PREFIX = IndexNames()
_EVERY = {"ignore_unavailable": "true", "allow_no_indices": "true", "expand_wildcards": "all"}


class ForeignIndex(LiveIntentError):
    """An index or a template that Live Intent did not make has one of its names."""

    exit_code = 4


def carries_mark(meta: Mapping[str, Any]) -> bool:
    """Whether a `_meta` is ours. Versions without the mark put `live_intent` into items indexes."""
    return meta.get("made_by") == PRODUCT or isinstance(meta.get(META), Mapping)


def foreign_indexes(client: OpenSearch, *targets: str) -> dict[str, list[str]]:
    """The indexes behind `targets` that do not carry our mark, with the aliases of each.

    A target is an index, an alias or a pattern; one that does not exist is left out.
    """
    response = client.indices.get(index=",".join(targets), params=_EVERY)
    return {
        index: sorted(body.get("aliases", {}))
        for index, body in sorted(response.items())
        if not carries_mark(body["mappings"].get("_meta", {}))
    }


def refuse_foreign(
    client: OpenSearch, targets: Sequence[str], adoptable: Collection[str] = ()
) -> None:
    """Raises ForeignIndex when an index behind `targets` was not made by us, naming each.

    `adoptable`: names of indexes that `config apply --adopt` may mark as ours.
    """
    if foreign := foreign_indexes(client, *targets):
        raise refusal(foreign_lines(foreign, targets), sorted(foreign.keys() & set(adoptable)))


def refuse_foreign_mapping(alias: str, index: str, mapping: Mapping[str, Any]) -> None:
    """Raises ForeignIndex when an index behind an alias of ours was not made by us."""
    if not carries_mark(mapping.get("_meta", {})):
        behind = [alias] if index != alias else []
        raise refusal(foreign_lines({index: behind}, behind))


def refuse_foreign_stores(client: OpenSearch, names: IndexNames) -> None:
    """Raises ForeignIndex when an index of sessions and UBI, or behind its alias, is not ours."""
    refuse_foreign(client, names.store_names, adoptable=names.stores)


def earlier_installation(
    client: OpenSearch, names: IndexNames, earlier: IndexNames = WITHOUT_PREFIX
) -> str:
    """A sentence on an items index of ours below the `earlier` names, if there is one; else ""."""
    if names == earlier:
        return ""
    try:
        indexes = client.indices.get(index=earlier.items, params=_EVERY)
    except AuthorizationException:  # a role may end at its prefix
        return ""
    ours = [i for i, body in indexes.items() if carries_mark(body["mappings"].get("_meta", {}))]
    if not ours:
        return ""
    return (
        f"An earlier version made the index behind the alias {earlier.items}: to keep it, set "
        f"LIVE_INTENT_INDEX_PREFIX={earlier.prefix or NO_PREFIX}."
    )


def foreign_lines(foreign: Mapping[str, Sequence[str]], targets: Collection[str]) -> list[str]:
    """What names each of `foreign_indexes`: the index, and the alias of ours that it is behind."""
    lines = []
    for index, aliases in foreign.items():
        behind = ", ".join(alias for alias in aliases if alias in targets)
        lines.append(f"the index {index}" + (f" behind the alias {behind}" if behind else ""))
    return lines


def refusal(lines: Sequence[str], adoptable: Sequence[str] = ()) -> ForeignIndex:
    """The error that names what was not made by us, and the ways out."""
    message = (
        f"Live Intent did not make {', '.join(lines)} (no _meta.made_by: {PRODUCT}), so nothing "
        "was changed. Set LIVE_INTENT_INDEX_PREFIX or --prefix to one that nobody else in this "
        "cluster uses."
    )
    if adoptable:
        message += (
            " If an earlier version of Live Intent made it: live-intent config apply "
            + " ".join(f"--adopt {index}" for index in adoptable)
        )
    return ForeignIndex(message)
