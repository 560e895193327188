"""Visitors built from histories: order, timestamps, limits."""

import time

import numpy as np
import pytest

from learning.data.behaviour import PastEvent
from learning.data.visitors import Visitors
from query_service.sessions.documents import KnownItem

VECTOR = np.ones(4, dtype=np.float32)
KNOWN = {"a": KnownItem("An a", ("word:a",), VECTOR, "space")}


def test_events_without_timestamps_are_a_minute_apart_and_end_now() -> None:
    history = [PastEvent("x"), PastEvent("a", "purchase")]
    visitor = Visitors({"s": history}, KNOWN).visitor("s", "u")
    old, new = visitor.events
    assert (visitor.session_id, visitor.user_id) == ("s", "u")
    assert new.timestamp - old.timestamp == pytest.approx(60)
    assert time.time() - new.timestamp == pytest.approx(60, abs=5)
    assert (old.item_id, old.action, old.vector) == ("x", "click", None)
    assert (new.action, new.title, new.features) == ("purchase", "An a", ("word:a",))
    assert new.vector is VECTOR
    assert {old.session_id, new.session_id} == {"s"}


def test_timestamps_keep_their_distances_and_the_newest_events_count() -> None:
    history = [PastEvent("a", timestamp=float(seconds)) for seconds in (0, 100, 5000)]
    visitor = Visitors({"s": history}, KNOWN, max_events=2).visitor("s")
    old, new = visitor.events
    assert new.timestamp - old.timestamp == pytest.approx(4900)
    assert time.time() - new.timestamp == pytest.approx(60, abs=5)


def test_texts_have_their_embeddings_and_unknown_sessions_no_events() -> None:
    history = [PastEvent("a", "comment", text="good"), PastEvent("a", "comment", text="bad")]
    visitors = Visitors({"s": history}, KNOWN, {"good": VECTOR})
    good, bad = visitors.visitor("s").events
    assert good.text_vector is VECTOR
    assert bad.text_vector is None
    assert visitors.visitor("nobody").events == ()
