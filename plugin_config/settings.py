"""Settings: defaults in code, then the environment (`LIVE_INTENT_*`), then arguments."""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from plugin_config.errors import SettingsError
from plugin_config.state_dir import default_state_dir, recorded_node_url

PREFIX = "LIVE_INTENT_"
NO_PREFIX = "none"  # the value of `index_prefix` for names without a prefix


class Settings(BaseSettings):
    """Base of every settings class; an empty variable counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )


S = TypeVar("S", bound=Settings)
known_settings: list[type[Settings]] = []


def register(cls: type[S]) -> type[S]:
    """Class decorator: makes the fields of this class known environment variables."""
    known_settings.append(cls)
    return cls


@register
class ClusterSettings(Settings):
    """Where OpenSearch is, how to talk to it, and where this installation keeps its files."""

    state_dir: Path = Field(
        default_factory=default_state_dir,
        description="Folder for local nodes, downloads and model bundles "
        "(default `.live-intent`; below `/var/tmp` where a node could not enter that).",
    )
    opensearch_url: str = Field(
        default_factory=lambda known: recorded_node_url(known.get("state_dir", Path())),
        description="Address of the cluster; several nodes are separated by commas (default: the "
        "node `main` of the state folder, which the demo or `node start` made; else "
        "`http://127.0.0.1:9200`).",
    )
    opensearch_user: str = Field("", description="User name for basic authentication.")
    opensearch_password: SecretStr = Field(
        SecretStr(""), description="Password for basic authentication."
    )
    opensearch_ca_file: Path | None = Field(
        None, description="PEM file with the certificates that sign the cluster's (TLS)."
    )
    opensearch_verify_certs: bool = Field(
        True, description="Check the cluster's certificate. Turn off for trying out only."
    )
    opensearch_aws_region: str = Field(
        "",
        description="AWS region: requests are signed with SigV4 (needs the extra `aws`); "
        "credentials come from where boto3 finds them.",
    )
    opensearch_aws_service: Literal["es", "aoss"] = Field(
        "es", description="AWS service name in the signature: `es`, or `aoss` for serverless."
    )
    opensearch_timeout_s: float = Field(
        10.0, gt=0, le=3600, allow_inf_nan=False, description="Seconds to wait for an answer."
    )
    opensearch_retries: int = Field(
        2,
        ge=0,
        le=20,
        description="Further tries after a lost connection or an answer of 429, 502, 503, 504.",
    )
    opensearch_pool_size: int = Field(
        32, ge=1, le=1000, description="Connections kept open to each node."
    )
    index_prefix: str = Field(
        "live-intent-",
        description="Put before the name of every index, alias and template: `shop1-`. `none`: "
        "no prefix, as earlier versions had by default.",
    )
    bundles_dir: Path = Field(
        default_factory=lambda known: known.get("state_dir", Path()) / "bundles",
        description="Folder for model bundles (default: `bundles` in the state folder).",
    )

    @field_validator("opensearch_url")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for address in value.split(","):
            parts = urlsplit(address.strip())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("allowed: http://host:port or https://host:port")
            if parts.username or parts.password:
                raise ValueError(
                    "no user or password in the address: they belong in "
                    "LIVE_INTENT_OPENSEARCH_USER and LIVE_INTENT_OPENSEARCH_PASSWORD"
                )
            _ = parts.port  # raises ValueError when it is no port
        return value

    @field_validator("index_prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,99}", value):
            raise ValueError(
                "allowed: a-z, 0-9, '_', '.' and '-', the first a letter or digit; or none"
            )
        return "" if value == NO_PREFIX else value

    @field_validator("opensearch_ca_file")
    @classmethod
    def _ca_file(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        if not value.is_file():
            raise ValueError("allowed: the path of a PEM file that exists")
        import ssl

        try:
            ssl.create_default_context(cafile=value)
        except OSError as error:  # ssl.SSLError among them
            raise ValueError(f"it can't be read as certificates in PEM form ({error})") from None
        return value

    @field_validator("state_dir", "bundles_dir")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _authentication(self) -> Self:
        if bool(self.opensearch_user) != bool(self.opensearch_password.get_secret_value()):
            raise ValueError(
                "LIVE_INTENT_OPENSEARCH_USER and LIVE_INTENT_OPENSEARCH_PASSWORD go together: "
                "set both or neither"
            )
        if self.opensearch_user and self.opensearch_aws_region:
            raise ValueError(
                "LIVE_INTENT_OPENSEARCH_USER and LIVE_INTENT_OPENSEARCH_AWS_REGION exclude each "
                "other: set one of them"
            )
        return self

    @property
    def hosts(self) -> list[str]:
        """The addresses, one per node."""
        return [address.strip().rstrip("/") for address in self.opensearch_url.split(",")]


def load(cls: type[S], **arguments: Any) -> S:
    """Settings from the environment and `arguments`; an argument of None counts as not set.

    Raises:
        SettingsError: naming each wrong setting, its value (never a secret's) and what is allowed.
    """
    overrides = {name: value for name, value in arguments.items() if value is not None}
    try:
        return cls(**overrides)
    except ValidationError as error:
        lines = [
            _explain(cls, detail, overrides)
            for detail in error.errors(include_url=False)
            if detail["type"] != "default_factory_not_called"  # follows from another error
        ]
        raise SettingsError("\n".join(lines)) from None
    except UnreadableSetting as error:
        raise SettingsError(f"{error}: write lists and tables as JSON") from None


def variable(field: str) -> str:
    """The environment variable of a settings field."""
    return PREFIX + field.upper()


def known_variables(classes: Iterable[type[Settings]] | None = None) -> set[str]:
    """Environment variables that `classes` (default: all registered ones) read."""
    classes = known_settings if classes is None else classes
    return {variable(field) for cls in classes for field in cls.model_fields}


def check_environment(environment: Mapping[str, str] | None = None) -> None:
    """Refuse `LIVE_INTENT_*` variables that no registered class reads: mostly typing mistakes.

    Raises:
        SettingsError: naming each unknown variable and the nearest known one.
    """
    known = known_variables()
    lines = []
    for name in sorted(set(os.environ if environment is None else environment) - known):
        if not name.startswith(PREFIX) or name.startswith(PREFIX + "TEST_"):
            continue
        [near] = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
        lines.append(f"{name} is not a setting; did you mean {near}? Unset or rename it.")
    if lines:
        raise SettingsError("\n".join(lines))


def _explain(cls: type[Settings], detail: Any, arguments: Mapping[str, Any]) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:  # a rule over several fields; its message names them
        return str(message)
    name = str(detail["loc"][0])
    info = cls.model_fields.get(name)
    if info is None:
        return f"{name} is not a setting of {cls.__name__}"
    value = detail["input"]
    secret = "Secret" in str(info.annotation) or "@" in str(value)
    shown = "(hidden)" if secret else str(value)
    # `--help` names the variable beside each option that sets it.
    where = f"{variable(name)} or its option" if name in arguments else variable(name)
    return f"{where}={shown}: {message}. {info.description or ''}".rstrip()
