"""The roles of security/roles.yml: what each part calls is in its role, and nothing else is.

Requests are recorded on a node without the security plugin; `SECURED_NODE=1` tries each role on a
node with it (3 minutes).
"""

import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException

from indexer.encoder.encoder import Encoder
from plugin_config.connection.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.security.needed_permissions import Permission, allows, needed
from tests.integration.security.recording_proxy import recording_proxy
from tests.integration.security.secured_node import ROLES, SecuredNode, secured_node
from tests.integration.security.workload import (
    Outcome,
    analyst_work,
    evaluator_work,
    indexer_work,
    plugin_work,
    service_work,
)
from tests.integration.serving import serving_index

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]
PARTS = ("indexer", "service", "evaluator", "analyst")
PREFIX = "live-intent-"


def role_of(part: str) -> dict[str, Any]:
    """The permissions of a part's roles, together."""
    roles = yaml.safe_load((ROLES / "roles.yml").read_text())
    used = ["live_intent_service", "live_intent_item_writer"]
    used = used if part == "service" else [f"live_intent_{part}"]
    keys = ("cluster_permissions", "index_permissions")
    return {key: [entry for name in used for entry in roles[name][key]] for key in keys}


@pytest.fixture(scope="module")
def recorded(
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    node_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, set[Permission]]:
    """The permissions that each part needed, with the prefix of roles.yml."""
    works: dict[str, Callable[[ClusterSettings], list[Outcome]]] = {
        "indexer": lambda cluster: indexer_work(cluster, tmp_path_factory.mktemp("files")),
        "service": lambda cluster: service_work(cluster, encoder),
        "evaluator": lambda cluster: evaluator_work(cluster, tmp_path_factory.mktemp("tasks")),
        "analyst": analyst_work,
    }
    permissions: dict[str, set[Permission]] = {part: set() for part in works}
    # The indexer again, on a shop whose visitors have searched.
    for part, work in (*works.items(), ("indexer", works["indexer"])):
        with recording_proxy(node_url) as calls:
            outcomes = work(cluster_settings.model_copy(update={"opensearch_url": calls.url}))
        failed = [o for o in outcomes if o.code not in (0, 200, 201, 202, 404)]
        assert not failed, failed
        permissions[part] |= {
            Permission(p.action, p.index.replace(names.prefix, PREFIX))
            for call in calls.calls
            for p in needed(call)
            if p.index != "items"  # of a version without prefixes: a refusal counts as no
        }
    return permissions


@pytest.mark.parametrize("part", PARTS)
def test_what_a_part_calls_is_in_its_role(recorded, part):
    role = role_of(part)
    assert len(recorded[part]) > 5
    lacking = sorted(p for p in recorded[part] if not allows(role, p))
    assert not lacking, f"add to security/roles.yml: {lacking}"


@pytest.mark.parametrize("part", PARTS)
def test_a_role_has_nothing_that_its_part_does_not_call(recorded, part):
    role, seen = role_of(part), {p.action for p in recorded[part]}
    named = set(role["cluster_permissions"])
    for grant in role["index_permissions"]:
        named |= set(grant["allowed_actions"])
        everywhere = grant["allowed_actions"] == ["indices:admin/analyze"]  # which reads nothing
        assert everywhere or all(p.startswith(PREFIX) for p in grant["index_patterns"])
    unused = {name for name in named if not any(fnmatchcase(action, name) for action in seen)}
    assert not unused


def test_an_evaluator_reads_no_session_and_changes_nothing_of_the_shop():
    role = role_of("evaluator")
    for index in ("sessions", "keys", "rules"):
        assert not allows(role, Permission("indices:data/read/search", PREFIX + index))
    for index in ("items", "ubi_queries", "sessions"):
        for action in ("data/write/index", "admin/delete", "admin/aliases"):
            assert not allows(role, Permission(f"indices:{action}", PREFIX + index))


def test_an_analyst_reads_no_session_key_or_rule_and_writes_nothing():
    role = role_of("analyst")
    for index in ("sessions", "keys", "rules", "items"):
        assert not allows(role, Permission("indices:data/read/search", PREFIX + index))
    assert "write" not in str(role)


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredNode]:
    if os.environ.get("SECURED_NODE") != "1":
        pytest.skip("SECURED_NODE=1 tries the roles on a node with the security plugin")
    with secured_node() as node:
        yield node


# Before the others make a key: from then on each event needs one.
def test_who_may_only_search_items_gets_the_visitors_order(
    secured: SecuredNode, encoder: Encoder, tmp_path: Path
) -> None:
    outcomes = plugin_work(
        secured.settings("indexer", tmp_path), secured.settings("evaluator", tmp_path), tmp_path
    )
    assert [o for o in outcomes if o.denied or o.code != 0] == []
    with serving_index(secured.settings("service", tmp_path), encoder) as api:
        assert api.event("click", "20", "plain-search").status == 200
    shop: OpenSearch = connect(secured.settings("shop", tmp_path))
    visitor = {"session_id": "plain-search"}
    body = {"query": {"match": {"title": "phone"}}, "ext": {"live_intent": visitor}}
    said = shop.search(index="live-intent-items", body=body)["ext"]["live_intent"]
    assert said["personalised"], said
    own = {"sessions_index": "live-intent-sessions", "models_index": "live-intent-engine-models"}
    pipeline = {
        "request_processors": [{"live_intent": own}],
        "response_processors": [{"live_intent": {}}],
    }
    answer = shop.search(index="live-intent-items", body=body | {"search_pipeline": pipeline})
    said = answer["ext"]["live_intent"]  # which is read in the name of who searches
    assert not said["personalised"]
    assert said["reason"] in ("model_unreadable", "session_unreadable")  # the model may be kept
    with pytest.raises(AuthorizationException, match="no permissions"):
        shop.search(index="live-intent-sessions")
    shop.close()


def test_each_role_does_its_work_on_a_node_with_the_plugin(
    secured: SecuredNode, encoder: Encoder, tmp_path: Path
) -> None:
    outcomes = {
        "indexer": indexer_work(secured.settings("indexer", tmp_path), tmp_path),
        "service": service_work(secured.settings("service", tmp_path), encoder),
        "evaluator": evaluator_work(secured.settings("evaluator", tmp_path), tmp_path),
        "analyst": analyst_work(secured.settings("analyst", tmp_path)),
    }
    failed = [
        (part, outcome)
        for part, each in outcomes.items()
        for outcome in each
        if outcome.denied or outcome.code not in (0, 200, 201, 202, 404)
    ]
    assert not failed, failed


@pytest.mark.parametrize(
    ("user", "index", "action"),
    [
        ("service", "live-intent-items", "delete"),
        ("service", "live-intent-sessions", "delete"),
        ("service", "other", "search"),
        ("indexer", "live-intent-sessions", "search"),
        ("indexer", "live-intent-keys", "search"),
        ("indexer", "live-intent-sessions", "delete"),
        ("evaluator", "live-intent-sessions", "search"),
        ("evaluator", "live-intent-items", "delete"),
        ("analyst", "live-intent-sessions", "search"),
        ("analyst", "live-intent-keys", "search"),
        ("analyst", "live-intent-ubi_queries", "delete"),
    ],
)
def test_what_is_another_parts_is_refused(
    secured: SecuredNode, tmp_path: Path, user: str, index: str, action: str
) -> None:
    client: OpenSearch = connect(secured.settings(user, tmp_path))
    act = client.search if action == "search" else client.indices.delete
    with pytest.raises(AuthorizationException, match="no permissions"):
        act(index=index)
    client.close()
