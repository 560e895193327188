"""Recognises events that were sent before, by their row in `ubi_events`."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.schema import IndexNames
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.schemas.fields.timestamps import seconds
from query_service.sessions.ubi import ubi_rows

logger = logging.getLogger(__name__)


def with_first_times(
    client: OpenSearch, names: IndexNames, events: Sequence[ReceivedEvent]
) -> list[ReceivedEvent]:
    """The events; one that was sent before, by its id and without a time, gets its first time.

    Without it a resent event would be the newest of its session, and count again after newer events
    have pushed it out. A cluster that can't tell leaves the events as they are.
    """
    row_ids = {
        index: ubi_rows.event_row_id(event.session_id, event.event_id)
        for index, event in enumerate(events)
        if event.event_id and event.timestamp is None
    }
    if not row_ids:
        return list(events)
    try:
        response = client.mget(
            index=names.ubi_events,
            body={"ids": list(dict.fromkeys(row_ids.values()))},
            params={"_source_includes": "timestamp"},
        )
    except OpenSearchException as error:
        logger.warning("resent events are not recognised: %s", error)
        return list(events)
    times = {
        row["_id"]: seconds(row["_source"]["timestamp"])
        for row in response["docs"]
        if row.get("found") and "timestamp" in row["_source"]
    }
    return [
        replace(event, timestamp=times.get(row_ids.get(index, ""), event.timestamp))
        for index, event in enumerate(events)
    ]
