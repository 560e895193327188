"""Whether a service may listen: beyond this machine not without API keys."""

from plugin_config.errors import LiveIntentError
from query_service.access.key_ring import KeyRing
from query_service.setting_texts.addresses import is_this_machine
from query_service.settings import ServiceSettings

OPEN_NOTICE = (
    "Anybody on this machine may call: there is no API key (live-intent keys create makes one)"
)
INSECURE_NOTICE = "INSECURE: anybody who reaches this address may call, there is no API key"


class OpenToOthers(LiveIntentError):
    """Others than this machine could call a service that asks for no keys."""

    exit_code = 2


def asks_for_keys(settings: ServiceSettings, ring: KeyRing) -> bool:
    """Whether each request needs a key."""
    if settings.require_keys or ring.are_asked_for:
        return True
    return not (settings.insecure or is_this_machine(settings.host))


def notice(settings: ServiceSettings, ring: KeyRing) -> str:
    """What to say at the start; "" where keys are asked for.

    Raises OpenToOthers where the service must not start.
    """
    if settings.require_keys or ring.are_asked_for:
        return ""
    if is_this_machine(settings.host):
        return OPEN_NOTICE
    if settings.insecure:
        return INSECURE_NOTICE
    raise OpenToOthers(
        f"LIVE_INTENT_HOST={settings.host}: others than this machine could call, and there is no "
        "API key. Make one with live-intent keys create NAME --scope search, or start with "
        "--insecure (LIVE_INTENT_INSECURE=true) where something before it checks callers"
    )
