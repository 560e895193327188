"""Settings of what is kept of visitors, and for how long."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from plugin_config.settings import Settings
from query_service.privacy.consent import Refused
from query_service.privacy.pseudonyms import Pseudonyms, parse_keys


class PrivacySettings(Settings):
    """What a browser's signal means, and how long a choice is kept."""

    gpc_refuses: Refused = Field(
        "learning",
        description="What a request with Sec-GPC: 1 refuses, where the session has made no choice: "
        "`nothing`; `learning`: suggestions and models for others; `storage`: that anything is "
        "kept; `all`: personalisation too.",
    )
    pseudonym_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys by which ids of users, clients and sessions are hashed before they are "
        "stored, `ID:SECRET,ID:SECRET`, the newest first; empty: they are stored as they are.",
    )
    pseudonym_keys_file: Path | None = Field(
        None, description="File with these keys, one a line, in place of that setting."
    )
    ubi_queries_days: float | None = Field(
        None,
        gt=0,
        le=3650,
        description="Days that rows of ubi_queries are kept (default: "
        "LIVE_INTENT_SESSION_TTL_DAYS).",
    )
    ubi_events_days: float | None = Field(
        None, gt=0, le=3650, description="Days that rows of ubi_events are kept, likewise."
    )
    retention_interval_s: float = Field(
        3600,
        ge=0,
        le=7 * 86_400,
        description="Seconds between runs that remove what has expired, by one process of all. 0: "
        "no process does, and `live-intent sessions purge` is to.",
    )
    retention_slice: int = Field(
        500, ge=1, le=5000, description="Documents that such a run removes at once."
    )
    retention_pause_s: float = Field(
        0.2, ge=0, le=60, description="Seconds that it rests after each."
    )
    consent_days: float = Field(
        365, gt=0, le=3650, description="Days that a session's choice (/v1/consents) is kept."
    )

    @field_validator("pseudonym_keys")
    @classmethod
    def _keys(cls, value: SecretStr) -> SecretStr:
        if not parse_keys(value.get_secret_value()) and value.get_secret_value():
            raise ValueError("it holds no key: write ID:SECRET, or unset the setting")
        return value

    @property
    def pseudonyms(self) -> Pseudonyms:
        """The ids as they are stored. Raises SettingsError: the file can't be read."""
        return Pseudonyms.read(self.pseudonym_keys.get_secret_value(), self.pseudonym_keys_file)
