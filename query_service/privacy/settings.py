"""Settings of what is kept of visitors, and for how long."""

from pydantic import Field

from plugin_config.settings import Settings
from query_service.privacy.consent import Refused


class PrivacySettings(Settings):
    """What a browser's signal means, and how long a choice is kept."""

    gpc_refuses: Refused = Field(
        "learning",
        description="What a request with Sec-GPC: 1 refuses, where the session has made no choice: "
        "`nothing`; `learning`: suggestions and models for others; `storage`: that anything is "
        "kept; `all`: personalisation too.",
    )
    consent_days: float = Field(
        365, gt=0, le=3650, description="Days that a session's choice (/v1/consents) is kept."
    )
