"""The role live_intent_pipeline of security/roles.yml: what its commands call, and nothing else."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from indexer.index.rebuilding.rebuild_report import RebuildReport
from plugin_config.schema import IndexNames
from tests.integration.command_line import ROOT, invoke
from tests.integration.security.needed_permissions import Permission, allows, needed
from tests.integration.security.recording_proxy import recording_proxy

ROLES = yaml.safe_load((ROOT / "security" / "roles.yml").read_text())
ROLE, BESIDE = ROLES["live_intent_pipeline"], ROLES["live_intent_indexer"]


def test_its_commands_need_all_of_it_and_no_more(
    node_url: str,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    run_rebuild: Callable[..., RebuildReport],
    catalogue: Path,
) -> None:
    run_rebuild(catalogue)
    with recording_proxy(node_url) as recorded:
        environment = fresh_environment | {"LIVE_INTENT_OPENSEARCH_URL": recorded.url}
        for command in (
            ("config", "apply", "--pipeline", "--default-pipeline"),
            ("plugin", "status"),
            ("config", "apply", "--no-pipeline"),
        ):
            ended = invoke(environment, *command)
            assert ended.exit_code in (0, 4), ended.stderr  # 4: no model was written
    permissions = {
        Permission(each.action, each.index.replace(fresh_names.prefix, "live-intent-"))
        for call in recorded.calls
        for each in needed(call)
        if each.index != "items"  # of a version without prefixes: a refusal counts as no
    }
    lacking = {each for each in permissions if not (allows(ROLE, each) or allows(BESIDE, each))}
    assert sorted(lacking) == []
    [models] = ROLE["index_permissions"]
    for action in (*ROLE["cluster_permissions"], *models["allowed_actions"]):
        assert any(fnmatchcase(each.action, action) for each in permissions), action
