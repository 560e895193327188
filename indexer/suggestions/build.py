"""Builds the index of suggestions and moves its alias to it."""

import hashlib
import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import bulk
from opensearchpy.helpers.errors import BulkIndexError

from indexer.index.construction import WHILE_FILLING
from indexer.index.context import IndexContext
from indexer.index.generations import BUILDING, READY, NoItemsIndex, live_generation, refuse_taken
from indexer.index.owner import Owner
from indexer.suggestions.collection import collect
from indexer.suggestions.suggestion import Suggestion
from plugin_config.connection.client import cluster_unavailable
from plugin_config.ownership import refuse_foreign
from plugin_config.schema import MARK, META
from plugin_config.suggestions_mapping import suggestions_body

MADE_OF = "made_of"  # in `_meta`: a hash of all suggestions
REFRESH = {"index.refresh_interval": None, "index.gc_deletes": None}


@dataclass(frozen=True)
class SuggestionsReport:
    """What a build did. `queries` counts those of the log and of titles together.

    Left out of the log: queries of `too_few_visitors`, `personal` ones, and those `without_items`.
    """

    index: str
    queries: int
    from_log: int
    categories: int
    brands: int
    too_few_visitors: int
    personal: int
    without_items: int
    seconds: float
    removed: tuple[str, ...]


def build_suggestions(context: IndexContext) -> SuggestionsReport:
    """Makes a new index of suggestions from the log and the live items; deletes earlier ones.

    One that would have the same suggestions stays. If it fails, the alias stays, and what is half
    made is deleted.

    Raises:
        NoItemsIndex: there is no items index yet.
        AliasTaken, ForeignIndex: one of the names is another application's.
        ClusterUnavailable, RequestRefused: OpenSearch.
    """
    try:
        return _build(context)
    except (OpenSearchException, BulkIndexError) as error:
        raise cluster_unavailable(error, "make the index of suggestions") from error


def _build(context: IndexContext) -> SuggestionsReport:
    begun, client, names = time.monotonic(), context.client, context.names
    live = live_generation(client, names)
    if live is None:
        raise NoItemsIndex(names.no_items)
    refuse_taken(client, [names.suggestions])
    collected = collect(context, live.index, live.attributes.languages)
    analyzer = str(live.meta.get("analyzer", context.settings.analyzer))
    meta = {
        "analyzer": analyzer,
        "min_sessions": context.settings.suggest_min_sessions,
        MADE_OF: _fingerprint(suggestions_body(analyzer, {}), collected.suggestions),
        **collected.counted,
    }
    index = _kept(context, meta) or _make(context, collected.suggestions, meta)
    types = Counter(suggestion.type for suggestion in collected.suggestions)
    return SuggestionsReport(
        index=index,
        queries=types["query"],
        from_log=len(collected.log.queries) - collected.without_items,
        categories=types["category"],
        brands=types["brand"],
        too_few_visitors=collected.log.too_few_visitors,
        personal=collected.log.personal,
        without_items=collected.without_items,
        seconds=time.monotonic() - begun,
        removed=tuple(_prune(context, index)),
    )


def _fingerprint(body: dict[str, Any], suggestions: tuple[Suggestion, ...]) -> str:
    """A hash of all that an index of suggestions has."""
    documents = {each.document_id: each.to_document() for each in suggestions}
    text = json.dumps([body, documents], sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _kept(context: IndexContext, meta: dict[str, Any]) -> str:
    """The index behind the alias, if it has the same suggestions; "" otherwise."""
    held = context.client.indices.get_mapping(index=context.names.suggestions, ignore=[404])
    if len(held) != 1:  # none, or an error
        return ""
    [(index, body)] = held.items()
    known = body["mappings"].get("_meta", {}).get(META, {})
    same = ("analyzer", "min_sessions", MADE_OF)
    if known.get("state") != READY or any(known.get(name) != meta[name] for name in same):
        return ""
    _set_meta(context, index, {**known, **meta})  # of which items the counts are
    return str(index)


def _make(
    context: IndexContext, suggestions: tuple[Suggestion, ...], described: dict[str, Any]
) -> str:
    """Makes an index of them, and moves the alias to it; returns its name."""
    client, names, now = context.client, context.names, datetime.now(UTC)
    taken = client.indices.get(index=names.suggestions_pattern, ignore=[404])
    index = names.new_suggestions_index(now, taken)
    created_at = now.isoformat(timespec="milliseconds")
    owner = Owner.this_process().to_meta()
    meta = {"state": BUILDING, "created_at": created_at, **described, **owner}
    try:
        _fill(context, index, suggestions_body(described["analyzer"], meta), suggestions)
        _set_meta(context, index, {**meta, "state": READY})
        _move_alias(context, index)
    except BaseException:
        client.indices.delete(index=index, ignore=[404])
        raise
    return index


def _set_meta(context: IndexContext, index: str, meta: dict[str, Any]) -> None:
    context.client.indices.put_mapping(index=index, body={"_meta": {**MARK, META: meta}})


def _fill(
    context: IndexContext, index: str, body: dict[str, Any], suggestions: tuple[Suggestion, ...]
) -> None:
    client, params = context.client, {"request_timeout": context.settings.bulk_timeout_s}
    body["settings"] |= WHILE_FILLING
    client.indices.create(index=index, body=body, params=params)
    documents = {suggestion.document_id: suggestion.to_document() for suggestion in suggestions}
    actions = ({"_index": index, "_id": key, **document} for key, document in documents.items())
    bulk(
        client,
        actions,
        chunk_size=context.settings.bulk_items,
        request_timeout=params["request_timeout"],
    )
    client.indices.refresh(index=index, params=params)
    client.indices.forcemerge(index=index, params={"max_num_segments": 1, "request_timeout": 600})
    settings = REFRESH | {"index.auto_expand_replicas": "0-1"}
    client.indices.put_settings(index=index, body=settings)
    health = {"wait_for_status": "yellow", "timeout": "30s", "request_timeout": 40}
    client.cluster.health(index=index, params=health)


def _move_alias(context: IndexContext, index: str) -> None:
    """Points the alias at `index` alone, in one atomic call."""
    alias = context.names.suggestions
    refuse_foreign(context.client, [alias])
    pattern = context.names.suggestions_pattern
    before = context.client.indices.get_alias(name=alias, index=pattern, ignore=[404])
    held = [name for name, body in before.items() if isinstance(body, dict) and name != index]
    actions = [{"remove": {"index": name, "alias": alias}} for name in held]
    add = {"add": {"index": index, "alias": alias}}
    context.client.indices.update_aliases(body={"actions": [*actions, add]})


def _prune(context: IndexContext, live: str) -> list[str]:
    """Deletes every other index of suggestions that is ours, but one that is being filled.

    Returns their names.
    """
    client, names = context.client, context.names
    ours = re.compile(re.escape(names.suggestions) + r"-\d{8}t\d{6}z(-\d+)?")
    removed = []
    for index, body in client.indices.get(index=names.suggestions_pattern, ignore=[404]).items():
        if not isinstance(body, dict) or not ours.fullmatch(index) or index == live:
            continue
        meta = body["mappings"].get("_meta", {}).get(META)
        if meta is None or names.suggestions in body.get("aliases", {}):
            continue
        if meta.get("state") == READY or Owner.of_meta(meta).is_dead():
            client.indices.delete(index=index, ignore=[404])
            removed.append(index)
    return removed
