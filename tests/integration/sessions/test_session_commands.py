"""`live-intent sessions` on a real node."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from plugin_config.provisioning.provisioning import ensure_indexes
from query_service.cli.session_commands import sessions
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.rights.session_export import SessionUnknown
from query_service.sessions.store import SessionStore

pytestmark = pytest.mark.node
Run = Callable[..., Result]


@pytest.fixture
def run(fresh_environment: dict[str, str]) -> Run:
    return lambda *arguments: CliRunner().invoke(sessions, arguments, env=fresh_environment)


@pytest.fixture
def stored_session(client, fresh_names) -> str:
    """The id of a session with one click, of the user `u`."""
    ensure_indexes(client, fresh_names)
    event = ReceivedEvent(action="click", item_id="手机-1", session_id="s", user_id="u")
    SessionStore(client, fresh_names).record_events([event], lambda item_ids: {})
    return "s"


def test_export_prints_the_stored_events(run, stored_session):
    result = run("export", stored_session)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["session"]["events"][0]["item_id"] == "手机-1"
    assert "手机-1" in result.output


def test_delete_erases_a_session(run, stored_session):
    result = run("delete", stored_session)
    assert json.loads(result.stdout) == {
        "sessions": 1, "users": 1, "ubi_queries": 0, "ubi_events": 1, "vectors": 0,
        "bundles": [],
    }  # fmt: skip
    assert isinstance(run("export", stored_session).exception, SessionUnknown)


def test_delete_erases_a_user(run, stored_session):
    assert json.loads(run("delete", "--user", "u").stdout)["sessions"] == 1
    assert isinstance(run("export", stored_session).exception, SessionUnknown)


@pytest.mark.parametrize("arguments", [[], ["s", "--user", "u"]])
def test_delete_takes_either_a_session_or_a_user(run, arguments):
    result = run("delete", *arguments)
    assert result.exit_code == 2
    assert "either a SESSION_ID or --user" in result.output


def test_purge_removes_only_expired_sessions(run, stored_session):
    assert not any(json.loads(run("purge").stdout).values())
    assert json.loads(run("purge", "--older-than-days", "0").stdout)["sessions"] == 1
    assert isinstance(run("export", stored_session).exception, SessionUnknown)
