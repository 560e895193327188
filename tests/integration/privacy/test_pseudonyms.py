"""With keys no index holds an id of a visitor; a key is changed without losing anything."""

import json
import time
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.errors import SettingsError
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.privacy.consent import Consent, RequestConsent
from query_service.privacy.pseudonyms import Pseudonyms, parse_keys
from query_service.sessions.rights.session_export import SessionUnknown
from query_service.sessions.store import SessionStore
from query_service.settings import ServiceSettings
from tests.integration.command_line import invoke, process_environment
from tests.integration.serving import serving_index
from tests.integration.session_stores import click, clicked, lookup, query

pytestmark = pytest.mark.node
FIRST = "k1:first-secret-of-the-shop"
SECOND = "k2:second-secret-of-the-shop"


def everything(client: OpenSearch, prefix: str) -> str:
    """All documents of all indexes below the prefix, with their ids."""
    client.indices.refresh(index=f"{prefix}*")
    body = {"query": {"match_all": {}}}
    return json.dumps([
        [hit["_index"], hit["_id"], hit["_source"]]
        for index in client.indices.get(index=f"{prefix}*", params={"expand_wildcards": "all"})
        for hit in client.search(index=index, body=body, size=10_000)["hits"]["hits"]
    ])  # fmt: skip


def store_of(client: OpenSearch, names: IndexNames, keys: str) -> SessionStore:
    return SessionStore(client, names, pseudonyms=Pseudonyms(parse_keys(keys)))


@pytest.fixture
def indexes(client: OpenSearch, fresh_names: IndexNames) -> IndexNames:
    ensure_indexes(client, fresh_names)
    return fresh_names


def test_no_index_holds_an_id_and_nothing_is_left_after_an_erasure(
    client: OpenSearch, shop: ClusterSettings, encoder: Encoder, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"# the newest first\n{SECOND}\n{FIRST}\n")
    ids = ("person-4711@example.com", "session-4711", "client-4711", "other-4711")
    with serving_index(shop, encoder, pseudonym_keys_file=keys) as api:
        user, session, client_id, other = ids
        assert api.event("click", "i1", session, user_id=user).status == 200
        tracked = {
            "action_name": "click", "client_id": client_id, "session_id": session, "user_id": user,
            "event_attributes": {"object": {"object_id": "i7"}, "session_id": session},
            "visitor": {"of": [user]},
        }  # fmt: skip
        assert api("POST", "/ubi_events", [tracked]).body["accepted"] == 1
        asked = {"query_id": "q", "user_query": "lamp", "client_id": user, "session_id": other}
        assert api("POST", "/ubi_queries", [asked]).body["accepted"] == 1
        assert api("POST", "/v1/joins", {"session_id": other, "user_id": user}).status == 200
        token = {"query": "jacket", "userToken": user}
        assert api("POST", "/1/indexes/items/query", token).status == 200
        again = api.search("running shoes", session, user_id=user, explain=True)
        assert again["personalized"]
        exported = api("GET", f"/v1/users/{user}").body
        assert exported["user_id"] == user
        assert len(exported["sessions"]) == 3
        assert exported["ubi_events"]["count"] == 2
        assert exported["ubi_queries"]["count"] == 3
        assert not [each for each in ids if each in everything(client, shop.index_prefix)]
        stored = [name for each in ids for name in exported["stored_as"] + [each]]
        stored += [row["session_id"] for row in exported["ubi_events"]["rows"]]
        gone = api("DELETE", f"/v1/users/{user}").body
        assert (gone["sessions"], gone["users"]) == (3, 1)
        assert (gone["ubi_events"], gone["ubi_queries"]) == (2, 3)
        assert gone["vectors"] > 0
        assert api("GET", f"/v1/users/{user}").status == 404
        assert not api.search("running shoes", session, user_id=user, store=False)["personalized"]
        sources = [document for document in json.loads(everything(client, shop.index_prefix))
                   if not document[1].startswith(("session:", "user:"))]  # fmt: skip
        left = json.dumps(sources)
        assert not [each for each in stored if each in left]


def test_without_a_key_only_tombstones_hold_the_id_after_an_erasure(
    client: OpenSearch, indexes: IndexNames
) -> None:
    store = SessionStore(client, indexes)
    store.record_events([click("i1", "plain-815", user_id="plain-user-815")], lookup)
    store.record_query(query("lamp", "plain-815"), user_id="plain-user-815")
    store.record_events([click("i1", "seen-815", client_id="plain-user-815")], lookup)
    assert store.delete_user("plain-user-815").sessions == 2
    left = [
        document
        for document in json.loads(everything(client, indexes.prefix))
        if "-815" in json.dumps(document)
    ]
    assert sorted(document[1] for document in left) == [
        "session:plain-815", "session:seen-815", "user:plain-user-815",
    ]  # fmt: skip
    assert not any("-815" in json.dumps(document[2]) for document in left)
    store.close()


def test_a_key_is_added_and_rekey_renames_what_is_there(
    client: OpenSearch, indexes: IndexNames, fresh_environment: dict[str, str]
) -> None:
    plain = SessionStore(client, indexes)
    plain.record_events([click("i1", "s-99", user_id="u-99")], lookup)
    for keys, item in ((FIRST, "i2"), (f"{SECOND},{FIRST}", "i3")):
        store = store_of(client, indexes, keys)
        assert clicked(store.read("s-99", "u-99"))[0] == "i1"  # before anything is renamed
        store.record_events([click(item, "s-99", user_id="u-99")], lookup)
        store.record_query(query(f"lamp {item}", "s-99"), user_id="u-99")
        assert store.flush()
        environment = fresh_environment | {"LIVE_INTENT_PSEUDONYM_KEYS": keys}
        said = invoke(environment, "sessions", "rekey")
        assert said.exit_code == 0, said.output
        assert json.loads(said.stdout)[indexes.sessions] > 0
        again = json.loads(invoke(environment, "sessions", "rekey").stdout)
        assert not any(again.values())
        store.close()
    visitor = store.read("s-99", "u-99")
    assert clicked(visitor) == ["i1", "i2", "i3"]
    assert [visitor.event_kind(number) for number in range(3)] == ["event"] * 3
    assert clicked(store.read("new", "u-99")) == ["i1", "i2", "i3"]
    text = everything(client, indexes.prefix)
    assert "s-99" not in text
    assert "u-99" not in text
    assert '"~k1~' not in text
    assert ":~k1~" not in text
    exported = json.loads(invoke(environment, "sessions", "export", "--user", "u-99").stdout)
    assert exported["ubi_events"]["count"] == 3
    with_second_only = store_of(client, indexes, SECOND)  # lost on purpose
    assert clicked(with_second_only.read("s-99", "u-99")) == []
    gone = json.loads(invoke(environment, "sessions", "erase", "--user", "u-99").stdout)
    assert (gone["sessions"], gone["ubi_events"], gone["ubi_queries"]) == (1, 3, 2)
    plain.close()
    with_second_only.close()


def test_an_erasure_reaches_what_earlier_keys_stored_and_a_refusal_holds(
    client: OpenSearch, indexes: IndexNames
) -> None:
    first, both = (store_of(client, indexes, keys) for keys in (FIRST, f"{SECOND},{FIRST}"))
    first.record_events([click("i1", "old", user_id="u")], lookup)
    first.set_consent("refuses", Consent.of(personalize=False))
    both.record_events([click("i2", "new", user_id="u"), click("i2", "refuses")], lookup)
    assert both.read("refuses").events == ()
    assert clicked(both.read("old", "u")) == ["i1", "i2"]
    assert both.delete_user("u").sessions == 2
    assert both.read("old", "u").events == ()
    with pytest.raises(SessionUnknown):
        both.export_user("u")
    before = time.time() - 5
    late = click("i3", "old", user_id="u", timestamp=before, consent=RequestConsent())
    [outcome] = both.record_events([late], lookup)
    assert outcome.status == "rejected"
    first.close()
    both.close()


def test_what_looks_like_a_pseudonym_reaches_nothing_that_is_stored_by_it() -> None:
    ids = Pseudonyms(parse_keys(f"{SECOND},{FIRST}"))
    seen = ids.of("visitor")
    assert seen not in ids.names(seen)
    assert ids.renewed(ids.names("visitor")[1]) == seen
    assert ids.renewed("visitor") == seen
    assert ids.renewed("~k9~" + "0" * 32) == "~k9~" + "0" * 32


@pytest.mark.parametrize("text", ["", "\n", "# k1:secret-of-the-shop-1\n", ",,\n"])
def test_a_file_without_keys_is_refused_by_the_service_and_the_command_line(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    message = f"{file}: it holds no key.*1 to 8 lines of ID:SECRET"
    with pytest.raises(SettingsError, match=message):
        _ = load(ServiceSettings, pseudonym_keys_file=file).pseudonyms
    if text:
        with pytest.raises(SettingsError, match="it holds no key"):
            load(ServiceSettings, pseudonym_keys=text)
        return
    environment = process_environment(
        opensearch_url="http://127.0.0.1:9", pseudonym_keys_file="/dev/null"
    )
    for command in (("serve",), ("sessions", "export", "s")):
        refused = invoke(environment, *command)
        assert refused.exit_code == 2, refused.output
        assert "LIVE_INTENT_PSEUDONYM_KEYS_FILE=/dev/null: it holds no key" in refused.stderr


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("short:abc", "at least 16 characters"),
        ("noid-secret-of-the-shop", "ID:SECRET"),
        (f"{FIRST},{FIRST}", "the same id"),
    ],
)
def test_a_wrong_key_is_refused_without_its_secret(keys: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        load(ServiceSettings, pseudonym_keys=keys)
    assert "secret-of" not in str(error.value)
