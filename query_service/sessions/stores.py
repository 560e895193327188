"""The indexes that keep sessions and UBI rows: whether they can be written to, and what is new."""

from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames

MISSING = "missing"
_EVERY = {"ignore_unavailable": "true", "expand_wildcards": "all", "flat_settings": "true"}
_BLOCKS = {
    "index.verified_before_close": "closed: open it",
    "index.blocks.read_only_allow_delete": "read-only because the disk is full: free space, then "
    "remove index.blocks.read_only_allow_delete",
    "index.blocks.read_only": "read-only: remove index.blocks.read_only",
    "index.blocks.write": "closed for writes: remove index.blocks.write",
    "index.blocks.read": "closed for reads: remove index.blocks.read",
}


def refresh_stores(client: OpenSearch, names: IndexNames) -> None:
    """Let the next search see every change. Raises OpenSearchException."""
    client.indices.refresh(index=",".join(names.stores), ignore_unavailable=True)


def store_problems(client: OpenSearch, names: IndexNames) -> dict[str, str]:
    """What is wrong with each index, and how to fix it; of healthy ones nothing.

    Raises OpenSearchException.
    """
    response = client.indices.get(index=",".join(names.stores), params=_EVERY)
    problems = {}
    for index in names.stores:
        problem = _problem(response[index]) if index in response else MISSING
        if problem:
            problems[index] = problem
    return problems


def problems_text(problems: Mapping[str, str]) -> str:
    """The problems in one line."""
    return "; ".join(f"the index {index} is {problem}" for index, problem in problems.items())


def _problem(body: Mapping[str, Any]) -> str:
    for setting, problem in _BLOCKS.items():
        if str(body["settings"].get(setting)) == "true":
            return problem
    field = body["mappings"].get("properties", {}).get("session_id", {})
    if field.get("type") != "keyword":
        return (
            f"not as the template makes it (session_id: {field.get('type', 'no such field')}): "
            "reindex it into one that live-intent config apply makes"
        )
    return ""
