"""Whether every acknowledged event and item is there, once, and what was erased is not."""

from collections import Counter
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from benchmarks.chaos.visitors import Ledger
from plugin_config.schema import IndexNames


def problems(client: OpenSearch, names: IndexNames, ledger: Ledger) -> list[str]:
    """One line for each thing that is lost, doubled or left."""
    client.indices.refresh(index=f"{names.prefix}*")
    rows: dict[str, list[str]] = {}
    for hit in scan(client, index=names.ubi_events, query={"query": {"match_all": {}}}):
        item_id = hit["_source"]["event_attributes"]["object"]["object_id"]
        rows.setdefault(hit["_source"]["session_id"], []).append(item_id)
    queries = {
        hit["_source"]["session_id"]
        for hit in scan(client, index=names.ubi_queries, query={"query": {"match_all": {}}})
    }
    documents = {
        hit["_id"]: hit["_source"]
        for hit in scan(client, index=names.sessions, query={"query": {"match_all": {}}})
    }
    found = list(ledger.problems)
    for session_id, acknowledged in ledger.events.items():
        stored = _item_ids(documents.get(f"session:{session_id}", {}))
        if session_id in ledger.erased:
            if stored or session_id in rows or session_id in queries:
                found.append(f"{session_id} was erased, and is there: {stored}")
            continue
        logged = rows.get(session_id, [])
        noted = {event_id for event_id, note in acknowledged.items() if not note}
        for where, ids, expected in (
            ("the session", stored, set(acknowledged)),
            ("ubi_events", logged, noted),
        ):
            if lost := expected - set(ids):
                found.append(f"{session_id}: {where} lacks {sorted(lost)}")
            if doubled := [item_id for item_id, times in Counter(ids).items() if times > 1]:
                found.append(f"{session_id}: {where} has twice {doubled}")
            if made_up := set(ids) - ledger.sent[session_id]:
                found.append(f"{session_id}: {where} has {sorted(made_up)}, which nobody sent")
    left = [
        f"the user's document {id_} has rows of {row['session_id']}, which was erased"
        for id_, source in documents.items()
        for row in source.get("events") or ()
        if row["session_id"] in ledger.erased
    ]
    for item_id, price in ledger.items.items():
        item = client.get(index=names.items, id=item_id, ignore=[404]).get("_source", {})
        if item.get("price", 0) < price:
            found.append(f"{item_id} has the price {item.get('price')} and not {price}")
    return found + left


def _item_ids(document: dict[str, Any]) -> list[str]:
    return [event["item_id"] for event in document.get("events") or ()]
