"""Index templates of others that apply to the same indexes as ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.errors import ConfigMismatch
from plugin_config.schema import TEMPLATES, IndexNames, load_template


@dataclass(frozen=True)
class TemplateOverlap:
    """A template of somebody else that matches `index`, one of ours; `priority` None: legacy."""

    name: str
    patterns: tuple[str, ...]
    priority: int | None
    index: str
    our_priority: int

    @property
    def wins(self) -> bool:
        """Whether it, and not ours, applies to the index. OpenSearch refuses equal priorities."""
        return self.priority is not None and self.priority >= self.our_priority

    def __str__(self) -> str:
        kind = "legacy" if self.priority is None else f"priority {self.priority}"
        return (
            f"its patterns {', '.join(self.patterns)} ({kind}) match {self.index} too; "
            f"ours (priority {self.our_priority}) wins"
        )


def template_overlaps(client: OpenSearch, names: IndexNames) -> list[TemplateOverlap]:
    """The templates of others that match an index of ours, and to which ours are preferred.

    Raises ConfigMismatch naming each that is preferred to ours.
    """
    ours = {name for which in TEMPLATES for name in names.templates(which)}
    others = [each for each in _all_templates(client) if each[0] not in ours]
    overlaps = []
    for which in TEMPLATES:
        items = which == "items"
        index = names.new_items_index(datetime.now(UTC)) if items else names.prefix + which
        priority = int(load_template(which, names.prefix)["priority"])
        overlaps += [
            TemplateOverlap(name, patterns, theirs, index, priority)
            for name, patterns, theirs in others
            if any(fnmatchcase(index, pattern) for pattern in patterns)
        ]
    if winning := {each.name: each for each in overlaps if each.wins}:
        lines = "; ".join(
            f"{each.name} (patterns {', '.join(each.patterns)}, priority {each.priority})"
            for each in winning.values()
        )
        first = next(iter(winning.values()))
        raise ConfigMismatch(
            f"index templates that Live Intent did not make apply to its indexes: {lines} matches "
            f"{first.index} and wins over ours (priority {first.our_priority}). Nothing was "
            "changed. Set LIVE_INTENT_INDEX_PREFIX to a prefix that they do not match, narrow "
            f"their patterns, or give them a priority below {first.our_priority}."
        )
    return list({each.name: each for each in overlaps}.values())


def _all_templates(client: OpenSearch) -> Iterator[tuple[str, tuple[str, ...], int | None]]:
    """Name, patterns and priority of every template of the cluster; legacy ones have None."""
    for each in client.indices.get_index_template()["index_templates"]:
        body: dict[str, Any] = each["index_template"]
        yield each["name"], _patterns(body), int(body.get("priority", 0))
    for name, body in client.indices.get_template().items():
        yield name, _patterns(body), None


def _patterns(body: dict[str, Any]) -> tuple[str, ...]:
    return tuple(body["index_patterns"])
