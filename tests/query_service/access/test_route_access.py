"""The table of what each route needs."""

from pathlib import Path

from query_service.web.access.route_access import ADMIN, OPEN, ROUTES, access_of
from tests.query_service.apps import app_without_cluster, client_without_cluster


def test_each_route_of_the_service_is_in_the_table_and_nothing_else_is(tmp_path: Path) -> None:
    app = app_without_cluster(tmp_path)
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes - ROUTES.keys() == set(), "say in ROUTES what these need"
    assert ROUTES.keys() - routes == set(), "these are no routes (any more)"


def test_a_route_that_is_missing_in_the_table_needs_admin() -> None:
    assert access_of("GET", "/v1/new") is ADMIN
    assert access_of("HEAD", "/healthz") is OPEN
    assert access_of("OPTIONS", "/v1/rules") is OPEN
    assert ROUTES["GET /v1/sessions/<session_id>"].owner


def test_a_key_that_is_brought_binds_its_sender_where_none_is_asked_for(tmp_path: Path) -> None:
    client = client_without_cluster(tmp_path)
    for other in ("Bearer anything", "Basic YTpi"):
        headers = {"Authorization": other}
        assert client.post("/v1/search", json={"query": ""}, headers=headers).status_code == 422
    for key in ("li_aaaaaaaaaaaa_" + "b" * 43, "lib.aaaaaaaaaaaa.e30." + "c" * 43):
        headers = {"Authorization": f"Bearer {key}"}
        # It can't be looked up here, and is not ignored.
        assert client.post("/v1/search", json={"query": ""}, headers=headers).status_code == 503
