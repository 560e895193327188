"""The index templates of a cluster, brought to what the code says."""

from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from plugin_config.errors import ConfigMismatch
from plugin_config.provisioning.mapping_changes import differences
from plugin_config.provisioning.provisioned_change import Change, refusal_reason
from plugin_config.schema import IndexNames


def current_template(client: OpenSearch, name: str) -> dict[str, Any] | None:
    """The template of that name; None if there is none."""
    try:
        response = client.indices.get_index_template(name=name)
    except NotFoundError:
        return None
    template: dict[str, Any] = response["index_templates"][0]["index_template"]
    return template


def remove_earlier(
    client: OpenSearch, names: IndexNames, which: str, dry_run: bool
) -> list[Change]:
    """Remove a template under its earlier name: OpenSearch refuses two for the same indexes."""
    name = names.earlier_template(which)
    if name == names.template(which) or current_template(client, name) is None:
        return []
    if not dry_run:
        client.indices.delete_index_template(name=name)
    return [Change("removed", "template", name)]


def apply_template(
    client: OpenSearch, name: str, template: dict[str, Any], dry_run: bool
) -> list[Change]:
    current = current_template(client, name)
    if current is None:
        change = Change("created", "template", name)
    else:
        details = tuple(differences(template, current))
        if not details:
            return []
        change = Change("updated", "template", name, details)
    if not dry_run:
        try:
            client.indices.put_index_template(name=name, body=template)
        except RequestError as error:
            raise ConfigMismatch(
                f"the cluster refuses the template {name}: {refusal_reason(error)}. Change "
                "LIVE_INTENT_INDEX_PREFIX or the template that it names."
            ) from None
    return [change]
