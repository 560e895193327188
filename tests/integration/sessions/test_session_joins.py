"""An anonymous session joins its user at login, and is taken apart again."""

import time

import pytest

from query_service.sessions.rights.joins import Joined, SplitOff
from query_service.sessions.rights.session_export import SessionUnknown
from query_service.sessions.store import SessionStore
from tests.integration.session_stores import Stores, click, clicked, lookup, query

pytestmark = pytest.mark.node


def act(store: SessionStore, item_id: str, session_id: str, user_id: str = "") -> None:
    event = click(item_id, session_id, user_id=user_id)
    assert store.record_events([event], lookup)[0].status == "accepted"


def test_what_an_anonymous_session_did_counts_for_the_user_from_the_login_on(
    stores: Stores,
) -> None:
    here, elsewhere = stores
    act(here, "i1", "s1")
    here.record_query(query("phone", "s1"))
    assert here.flush()
    assert not elsewhere.read("phone-of-u1", "u1").events
    act(elsewhere, "i2", "s1", "u1")
    other_device = here.read("phone-of-u1", "u1")
    assert clicked(other_device) == ["i1", "i2"]
    assert [each.query_text for each in other_device.queries] == ["phone"]
    assert clicked(here.read("s1", "u1")) == ["i1", "i2"]  # each once


def test_a_search_with_the_user_is_a_login_too(stores: Stores) -> None:
    here, elsewhere = stores
    act(here, "i1", "s2")
    here.record_query(query("lamp", "s2"), user_id="u2")
    assert here.flush()
    assert clicked(elsewhere.read("other", "u2")) == ["i1"]


def test_an_anonymous_search_that_is_written_after_the_login_counts_for_the_user(
    stores: Stores,
) -> None:
    here, elsewhere = stores
    here.record_query(query("phone", "s10"))  # waits to be written
    act(elsewhere, "i1", "s10", "u10")
    here.record_query(query("after the logout", "s10"))
    assert here.flush()
    assert [each.query_text for each in here.read("other", "u10").queries] == ["phone"]


def test_a_session_joins_by_request_and_again_after_a_logout(stores: Stores) -> None:
    here, elsewhere = stores
    assert here.join("s3", "u3") == Joined()  # nothing is known of it
    act(here, "i1", "s3")
    assert here.join("s3", "u3") == elsewhere.join("s3", "u3") == Joined(events=1)
    act(here, "i2", "s3")  # names no user: the session's alone, until the next login
    assert clicked(elsewhere.read("other", "u3")) == ["i1"]
    assert here.join("s3", "u3") == Joined(events=2)
    assert clicked(elsewhere.read("other", "u3")) == ["i1", "i2"]


def test_what_a_session_did_for_one_user_is_not_given_to_the_next(stores: Stores) -> None:
    here, _ = stores
    act(here, "i1", "s4", "u4")
    act(here, "i2", "s4")
    act(here, "i3", "s4", "u5")
    assert clicked(here.read("other", "u4")) == ["i1"]
    assert clicked(here.read("other", "u5")) == ["i2", "i3"]


def test_a_session_that_is_taken_apart_and_its_user_know_nothing_of_each_other(
    stores: Stores,
) -> None:
    here, elsewhere = stores
    act(here, "i1", "s6")
    arrived = time.time()
    act(here, "i2", "s6", "u6")
    act(here, "i3", "s7", "u6")
    assert elsewhere.split("s6") == SplitOff(users=1, ubi_events=1)
    assert clicked(here.read("s7", "u6")) == ["i3"]
    assert clicked(here.read("s6")) == ["i1", "i2"]
    late = click("i4", "s6", user_id="u6", event_id="late")  # was on its way
    assert here.record_events([late], lookup, arrived=arrived)[0].status == "accepted"
    assert clicked(here.read("other", "u6")) == ["i3"]
    exported = here.export("s6")
    assert exported["user_documents"] == 0
    assert "u6" not in str(exported)
    act(here, "i5", "s6", "u6")  # a new login: what was taken apart stays so
    assert clicked(here.read("other", "u6")) == ["i3", "i5"]


def test_a_session_is_taken_apart_whole_after_the_clock_has_gone_back(stores: Stores) -> None:
    here, elsewhere = stores
    here.record_query(query("phone", "s11", time.time() + 3600), user_id="u11")
    assert here.flush()
    assert elsewhere.split("s11") == SplitOff(users=1, ubi_queries=1)
    act(here, "i1", "s11", "u11")  # a new login
    assert not here.read("other", "u11").queries


def test_an_unknown_session_is_taken_apart_without_a_trace(stores: Stores) -> None:
    assert stores[0].split("never-seen") == SplitOff()
    with pytest.raises(SessionUnknown):
        stores[0].export("never-seen")


def test_erasing_the_user_erases_joined_sessions_and_not_those_taken_apart(
    stores: Stores,
) -> None:
    here, elsewhere = stores
    for session_id in ("s8", "s9"):
        act(here, "i1", session_id)
        here.join(session_id, "u8")
    here.split("s9")
    assert elsewhere.delete_user("u8").sessions == 1
    with pytest.raises(SessionUnknown):
        here.export("s8")
    assert clicked(here.read("s9")) == ["i1"]
