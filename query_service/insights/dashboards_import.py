"""The import of saved objects into OpenSearch Dashboards."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

from plugin_config.errors import LiveIntentError, SettingsError
from plugin_config.settings import ClusterSettings

PATH = "/api/saved_objects/_import?overwrite=true"
TIMEOUT_S = 60.0


class DashboardsRefused(LiveIntentError):
    """Dashboards did not take the saved objects."""


class DashboardsUnavailable(LiveIntentError):
    """Dashboards does not answer."""

    exit_code = 3


def import_objects(url: str, ndjson: bytes, settings: ClusterSettings) -> int:
    """Import the objects in place of those with the same ids; return how many.

    The cluster's user, password and certificate authority are Dashboards' too. Raises SettingsError
    for a wrong `url`, DashboardsUnavailable, DashboardsRefused.
    """
    import urllib3

    address = _checked(url)
    headers = {"osd-xsrf": "live-intent"}
    if settings.opensearch_user:
        password = settings.opensearch_password.get_secret_value()
        raw = f"{settings.opensearch_user}:{password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(raw).decode()}"
    options: dict[str, Any] = {}
    if address.startswith("https:"):
        options["cert_reqs"] = "CERT_REQUIRED" if settings.opensearch_verify_certs else "CERT_NONE"
        if settings.opensearch_ca_file is not None:
            options["ca_certs"] = str(settings.opensearch_ca_file)
    file = ("live-intent.ndjson", ndjson, "application/x-ndjson")
    with urllib3.PoolManager(timeout=TIMEOUT_S, retries=False, **options) as pool:
        try:
            response = pool.request(
                "POST", address + PATH, fields={"file": file}, headers=headers, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise DashboardsUnavailable(
                f"OpenSearch Dashboards at {address} does not answer: {error}. Is it running, and "
                "--dashboards its address?"
            ) from error
    return _imported(address, response.status, response.data)


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise SettingsError(
            f"--dashboards {url}: allowed is the address of OpenSearch Dashboards, as "
            "http://127.0.0.1:5601"
        )
    if parts.username or parts.password:
        raise SettingsError(
            "--dashboards: no user or password in the address: they are those of "
            "LIVE_INTENT_OPENSEARCH_USER and LIVE_INTENT_OPENSEARCH_PASSWORD"
        )
    return url.rstrip("/")


def _imported(address: str, status: int, body: bytes) -> int:
    if status in (401, 403):
        raise DashboardsRefused(
            f"OpenSearch Dashboards at {address} refuses the credentials (HTTP {status}). Check "
            "LIVE_INTENT_OPENSEARCH_USER and LIVE_INTENT_OPENSEARCH_PASSWORD; the user needs write "
            "access to saved objects"
        )
    if status == 503:
        raise DashboardsUnavailable(
            f"OpenSearch Dashboards at {address} is not ready yet (HTTP 503). Try again"
        )
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status != 200 or not isinstance(answer, dict):
        said = body[:300].decode(errors="replace").strip()
        raise DashboardsRefused(
            f"what answers at {address} did not import the saved objects (HTTP {status}): {said}"
        )
    if not answer.get("success"):
        errors = [
            f"{each.get('type')} {each.get('id')}: {each.get('error', {}).get('type')}"
            for each in answer.get("errors", [])
        ]
        raise DashboardsRefused(
            f"OpenSearch Dashboards at {address} imported {answer.get('successCount', 0)} saved "
            f"objects, and not: {'; '.join(errors[:5]) or 'it does not say which'}"
        )
    return int(answer["successCount"])
