"""Which permissions a request to OpenSearch needs: the security plugin's names of actions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.integration.security.recording_proxy import EngineCall

READ, WRITE, ADMIN = "indices:data/read/", "indices:data/write/", "indices:admin/"


@dataclass(frozen=True, order=True)
class Permission:
    """An action on an index; "": of the cluster."""

    action: str
    index: str = ""


# Method and path -> actions of the cluster, actions on the indexes in the path's first part.
TABLE = (
    (r"GET /", ("cluster:monitor/main",), ()),
    (r"GET /_cluster/health/.+", ("cluster:monitor/health",), ()),
    (r"GET /_index_template(/.+)?", (ADMIN + "index_template/get",), ()),
    (r"PUT /_index_template/.+", (ADMIN + "index_template/put",), ()),
    (r"GET /_template", (ADMIN + "template/get",), ()),
    (r"GET /_nodes/plugins", ("cluster:monitor/nodes/info",), ()),
    (r"GET /_search/pipeline/.+", ("cluster:admin/search/pipeline/get",), ()),
    (r"PUT /_search/pipeline/.+", ("cluster:admin/search/pipeline/put",), ()),
    (r"DELETE /_search/pipeline/.+", ("cluster:admin/search/pipeline/delete",), ()),
    (r"POST /_analyze", (), (ADMIN + "analyze",)),
    (r"POST /_search/scroll", (READ + "scroll",), ()),
    (r"DELETE /_search/scroll", (READ + "scroll/clear",), ()),
    (r"POST (/[^/]+)?/_msearch", (READ + "msearch",), ()),
    (r"POST (/[^/]+)?/_bulk", (WRITE + "bulk",), ()),
    (r"POST /_aliases", (), ()),
    (r"POST /_mget", (READ + "mget",), ()),
    (r"POST /[^_][^/]*/_mget", (READ + "mget",), (READ + "mget[shard]",)),
    (r"(GET|HEAD) /[^_/][^/]*", (), (ADMIN + "get",)),
    (r"(GET|HEAD) /[^_][^/]*/_alias/.+", (), (ADMIN + "aliases/get",)),
    (
        r"GET /_cat/indices/.+",
        ("cluster:monitor/health", "cluster:monitor/state"),
        ("indices:monitor/settings/get", "indices:monitor/stats"),
    ),
    (r"GET /[^_][^/]*/_mapping", (), (ADMIN + "mappings/get",)),
    (r"PUT /[^_][^/]*/_mapping", (), (ADMIN + "mapping/put",)),
    (r"GET /[^_][^/]*/_settings(/.+)?", (), ("indices:monitor/settings/get",)),
    (r"PUT /[^_][^/]*/_settings", (), (ADMIN + "settings/update",)),
    (r"GET /[^_][^/]*/_stats/.+", (), ("indices:monitor/stats",)),
    (r"POST /[^_][^/]*/_refresh", (), (ADMIN + "refresh",)),
    (r"POST /[^_][^/]*/_forcemerge", (), (ADMIN + "forcemerge",)),
    (r"PUT /[^_][^/]*/_alias/.+", (), (ADMIN + "aliases",)),
    (r"PUT /[^_][^/]*", (), (ADMIN + "create",)),
    (r"DELETE /[^_][^/]*", (), (ADMIN + "delete",)),
    (r"(GET|HEAD) /[^_][^/]*/_doc/.+", (), (READ + "get",)),
    (r"POST /[^_][^/]*/_(search|count)", (), (READ + "search",)),
    (r"POST /[^_][^/]*/_field_caps", (), (READ + "field_caps",)),
    (r"(PUT|POST) /[^_][^/]*/_(doc|create)(/.+)?", (), (WRITE + "index", WRITE + "bulk[s]")),
    (r"DELETE /[^_][^/]*/_doc/.+", (), (WRITE + "delete", WRITE + "bulk[s]")),
    (r"POST /[^_][^/]*/_update/.+", (), (WRITE + "update", WRITE + "bulk[s]")),
    (
        r"POST /[^_][^/]*/_delete_by_query",
        (),
        (WRITE + "delete/byquery", READ + "search"),
    ),
)
IN_BODY: Mapping[str, tuple[str, ...]] = {
    "search": (READ + "search",),
    "get": (READ + "mget[shard]",),
    "index": (WRITE + "index", WRITE + "bulk[s]"),
    "create": (WRITE + "index", WRITE + "bulk[s]"),
    "update": (WRITE + "update", WRITE + "bulk[s]"),
    "delete": (WRITE + "delete", WRITE + "bulk[s]"),
    "add": (ADMIN + "aliases",),
    "remove": (ADMIN + "aliases",),
}


def needed(call: EngineCall) -> Iterator[Permission]:
    """The permissions that a request needs. Raises LookupError if TABLE lacks it."""
    request = f"{call.method} {call.path}"
    row = next((row for row in TABLE if re.fullmatch(row[0], request)), None)
    if row is None:
        raise LookupError(f"{request}: add it to TABLE, and its actions to security/roles.yml")
    _, of_cluster, of_index = row
    yield from (Permission(action) for action in of_cluster)
    parts = call.path.split("/")
    for index in parts[3 if parts[1] == "_cat" else 1].split(","):
        yield from (Permission(action, index) for action in of_index)
    for operation, index in call.targets:
        yield from (Permission(action, index) for action in IN_BODY[operation] if index)


def allows(role: Mapping[str, Any], permission: Permission) -> bool:
    """Whether the role, as roles.yml has it, allows it."""
    if not permission.index:
        return any(fnmatchcase(permission.action, a) for a in role["cluster_permissions"])
    return any(
        any(fnmatchcase(permission.action, a) for a in grant["allowed_actions"])
        and any(fnmatchcase(permission.index, p) for p in grant["index_patterns"])
        for grant in role["index_permissions"]
    )
