"""An erasure names the bundles that learned from the visitor."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from opensearchpy import OpenSearch

from indexer.bundle.learned_bundle import RERANKER, USER_MODEL, draft_bundle
from indexer.bundle.learned_from import ENTRY, FILE, LearnedFrom, bundles_of
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.privacy.pseudonyms import Pseudonyms, parse_keys
from query_service.ranking.reranker import Reranker
from query_service.serving.service import Service
from query_service.sessions.store import SessionStore
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.command_line import invoke
from tests.integration.session_stores import click, lookup
from tests.query_service.apps import Zeros

KEYS = "k1:first-secret-of-the-shop"
SECRETS = Pseudonyms(parse_keys(KEYS)).secrets


def write_bundle(
    out: Path, names: Iterable[str], secrets: dict[str, bytes], part: str = RERANKER
) -> Path:
    with draft_bundle(out) as draft:
        folder = draft.folder(part)
        entry = LearnedFrom(frozenset(names), secrets).write(folder)
        draft.set_provenance(part, {ENTRY: entry})
    return out


@pytest.mark.parametrize("secrets", [{}, SECRETS], ids=["salted", "keyed"])
def test_a_bundle_knows_its_people_and_no_other(tmp_path: Path, secrets: dict[str, bytes]) -> None:
    out = write_bundle(tmp_path / "one", (f"user-{n}" for n in range(10_000)), secrets)
    assert np.load(out / RERANKER / FILE).nbytes == 80_000
    [found] = bundles_of([out], ["user-77"], secrets)
    assert (found.folder, found.parts, found.unknown) == (str(out.resolve()), (RERANKER,), {})
    assert bundles_of([out], [f"other-{n}" for n in range(10_000)], secrets) == []
    manifest = (out / "manifest.json").read_text("utf-8")
    assert "user-77" not in manifest
    assert '"ids": 10000' in manifest


def test_a_part_of_nobody_has_nobody_and_one_of_another_key_says_so(tmp_path: Path) -> None:
    write_bundle(tmp_path / "nobody", (), {})
    assert bundles_of([tmp_path], ["user-1"], {}) == []
    write_bundle(tmp_path / "keyed", ["user-1"], SECRETS, USER_MODEL)
    [found] = bundles_of([tmp_path], ["user-1"], {})
    assert found.parts == ()
    assert "the key k1, which is not here" in found.unknown[USER_MODEL]


@pytest.mark.node
def test_erase_prints_the_bundles_that_learned_from_a_user_or_a_session_of_theirs(
    client: OpenSearch, fresh_names: IndexNames, fresh_environment: dict[str, str], tmp_path: Path
) -> None:
    ensure_indexes(client, fresh_names)
    ids = Pseudonyms(parse_keys(KEYS))
    store = SessionStore(client, fresh_names, pseudonyms=ids)
    store.record_events([click("i1", "a-session", user_id="ann")], lookup)
    write_bundle(tmp_path / "by-user", ["ann"], {})
    write_bundle(tmp_path / "by-pseudonym", [ids.of("ann")], SECRETS)
    write_bundle(tmp_path / "by-session", [ids.of("a-session")], SECRETS)
    write_bundle(tmp_path / "of-others", ["bob"], SECRETS)
    environment = fresh_environment | {
        "LIVE_INTENT_PSEUDONYM_KEYS": KEYS,
        "LIVE_INTENT_BUNDLE": str(tmp_path / "of-others"),
    }
    said = invoke(environment, "sessions", "erase", "--user", "ann")
    assert said.exit_code == 0, said.output
    erased = json.loads(said.stdout)
    assert (erased["sessions"], erased["ubi_events"]) == (1, 1)
    assert [Path(each["folder"]).name for each in erased["bundles"]] == [
        "by-pseudonym", "by-session", "by-user",
    ]  # fmt: skip
    store.close()


@pytest.mark.node
def test_an_erasure_over_http_names_them_too(
    client: OpenSearch, fresh_names: IndexNames, cluster_settings: ClusterSettings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ensure_indexes(client, fresh_names)
    write_bundle(tmp_path / "by-user", ["ann"], {})
    write_bundle(tmp_path / "by-session", ["a-session"], {}, USER_MODEL)
    monkeypatch.setenv("LIVE_INTENT_BUNDLE", str(write_bundle(tmp_path / "of-others", ["bob"], {})))
    settings = load(ServiceSettings)
    cluster = cluster_settings.model_copy(update={"index_prefix": fresh_names.prefix})
    service = Service(settings, cluster, client, Zeros(), Models(Reranker()))
    service.store.record_events([click("i1", "a-session", user_id="ann")], lookup)
    http = create_app(settings, cluster, service=service).test_client()
    [by_session] = http.delete("/v1/sessions/a-session").get_json()["bundles"]
    assert by_session == {"name": "by-session", "parts": [USER_MODEL], "unknown": {}}
    [by_user] = http.delete("/v1/users/ann").get_json()["bundles"]
    assert (by_user["name"], by_user["parts"]) == ("by-user", [RERANKER])
    assert str(tmp_path) not in str(by_user)
    service.store.close()
