"""`live-intent sessions` on a real node."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from plugin_config.provisioning import ensure_indexes
from query_service.schemas.events import ReceivedEvent
from query_service.sessions.commands import sessions
from query_service.sessions.erasure import SessionUnknown
from query_service.sessions.store import SessionStore

pytestmark = pytest.mark.node
Run = Callable[..., Result]


@pytest.fixture
def run(node_url, fresh_names) -> Run:
    environment = {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_INDEX_PREFIX": fresh_names.prefix,
    }
    return lambda *arguments: CliRunner().invoke(sessions, arguments, env=environment)


@pytest.fixture
def session_kept(client, fresh_names) -> str:
    ensure_indexes(client, fresh_names)
    event = ReceivedEvent(action="click", item_id="手机-1", session_id="s", user_id="u")
    SessionStore(client, fresh_names).record_events([event], lambda item_ids: {})
    return "s"


def test_export_prints_what_is_kept(run, session_kept):
    result = run("export", session_kept)
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["session"]["events"][0]["item_id"] == "手机-1"
    assert "手机-1" in result.output


def test_delete_erases_a_session(run, session_kept):
    result = run("delete", session_kept)
    assert json.loads(result.output) == {
        "sessions": 1, "users": 1, "ubi_queries": 0, "ubi_events": 1,
    }  # fmt: skip
    assert isinstance(run("export", session_kept).exception, SessionUnknown)


def test_delete_erases_a_user(run, session_kept):
    assert json.loads(run("delete", "--user", "u").output)["sessions"] == 1
    assert isinstance(run("export", session_kept).exception, SessionUnknown)


@pytest.mark.parametrize("arguments", [[], ["s", "--user", "u"]])
def test_delete_wants_one_thing(run, arguments):
    result = run("delete", *arguments)
    assert result.exit_code == 2
    assert "either a SESSION_ID or --user" in result.output


def test_purge_leaves_what_is_not_expired(run, session_kept):
    assert not any(json.loads(run("purge").output).values())
    assert json.loads(run("purge", "--older-than-days", "0").output)["sessions"] == 1
    assert isinstance(run("export", session_kept).exception, SessionUnknown)
