"""The command `live-intent explain`: why a list was shown, from what was kept of it."""

import json

import click


@click.command()
@click.argument("query_id")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every field.")
def explain(query_id: str, as_json: bool) -> None:
    """Say when, for whom, by which configuration and why the hits of QUERY_ID were shown.

    QUERY_ID is `query_id` of an answer of /v1/search. All is read from its row in ubi_queries.
    """
    from plugin_config.connection.command_cluster import command_cluster
    from plugin_config.settings import load
    from query_service.records.explanation_text import explanation_lines
    from query_service.records.query_explanation import QueryExplanations
    from query_service.sessions.limits import limits_of
    from query_service.settings import ServiceSettings

    limits = limits_of(load(ServiceSettings))
    with command_cluster() as (client, names):
        found = QueryExplanations(client, names, limits).of(query_id)
    if as_json:
        click.echo(json.dumps(found.model_dump(), ensure_ascii=False, indent=2))
        return
    for line in explanation_lines(found):
        click.echo(line)
