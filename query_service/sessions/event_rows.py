"""From received events to the rows that are written, as far as their visitors agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_config.schema import IndexNames
from query_service.privacy.consent import Consent
from query_service.schemas.behaviour.events import IMPRESSION, ReceivedEvent
from query_service.sessions.appends import BatchRow
from query_service.sessions.document_writes import DocumentWrite
from query_service.sessions.documents import KnownItem, event_to_stored, milliseconds
from query_service.sessions.intake import EventOutcome, event_id_of, event_with_item, too_old
from query_service.sessions.limits import SessionLimits
from query_service.sessions.ubi import ubi_rows
from query_service.user.visitor import Event

NOT_STORED = "not kept: the visitor refuses it"
NO_HISTORY = "kept without user and client, and in no history: the visitor refuses that"


@dataclass
class EventRows:
    """The rows of a batch of events, and what becomes of each event.

    `indexes`: of each row, the index of its event.
    """

    names: IndexNames
    limits: SessionLimits
    count_impressions: bool
    received_at: int  # ms since 1970
    latest: int  # the latest time that an event can have
    rows: list[BatchRow] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    outcomes: list[EventOutcome] = field(default_factory=list)

    def add(
        self,
        events: Sequence[ReceivedEvent],
        items: Mapping[str, KnownItem],
        texts: Mapping[str, NDArray[np.float32]],
        consents: Mapping[str, Consent],
    ) -> None:
        """Add all of `events`; `consents`: the choices of sessions, by id."""
        for received in events:
            if problem := too_old(received.timestamp, self.limits, self.received_at):
                reason = f"not kept: timestamp: {problem}"
                outcome = EventOutcome("rejected", event_id_of(received), reason, "event")
            else:
                consent = received.consent.within(consents.get(received.session_id))
                outcome = self._add(received, consent, items.get(received.item_id), texts)
            self.outcomes.append(outcome)

    def _add(
        self,
        received: ReceivedEvent,
        consent: Consent,
        item: KnownItem | None,
        texts: Mapping[str, NDArray[np.float32]],
    ) -> EventOutcome:
        known = item is not None or not received.item_id
        status: Any = "accepted" if known else "accepted_unknown_item"
        event_id = event_id_of(received)
        if not consent.store:
            return EventOutcome(status, event_id, NOT_STORED)
        event, note = event_with_item(received, item, texts.get(received.text), self.latest)
        row_id = ubi_rows.event_row_id(event.session_id, event_id)
        stored, user_id, client_id = None, received.user_id, received.client_id
        if not consent.keeps_history:
            user_id = client_id = ""
            note = f"{note}; {NO_HISTORY}" if note else NO_HISTORY
        elif counted := self._counted(received, event):
            stored = event_to_stored(
                counted,
                event_id=row_id,
                received_at=self.received_at,
                attribute_vector=item.attribute_vector if item else None,
            )
        row = ubi_rows.event_row(
            event, user_id=user_id, client_id=client_id, received=received.ubi
        ) | ubi_rows.learn_field(consent)
        alias = IndexNames.writing(self.names.ubi_events)
        ubi = DocumentWrite("create", alias, row_id, row)
        happened = milliseconds(event.timestamp)
        self.rows.append(BatchRow(event.session_id, user_id, happened, ubi, event=stored))
        self.indexes.append(len(self.outcomes))
        return EventOutcome(status, event_id, note)

    def _counted(self, received: ReceivedEvent, event: Event) -> Event | None:
        """The event as it counts in the user vector; None for one that does not."""
        if received.counts:
            return event
        if received.action == IMPRESSION and self.count_impressions:
            return replace(event, action="view")
        return None
