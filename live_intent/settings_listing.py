"""Every setting with its value and origin; docs/configuration.md is made from the same list."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from live_intent.main import import_settings
from plugin_config.settings import known_settings, load, variable

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
# The column "allowed" of a type without bounds.
_UNBOUNDED: dict[Any, str] = {int: "whole number", float: "number", bool: "true, false"}
_INTRODUCTION = """\
# Configuration

Written by `scripts/configuration` from the settings classes; do not edit by hand.

A setting has a default in code; an environment variable overrides it, and an option of a
command overrides both. Settings are read once, at start-up. A value that is not allowed, or a
variable named `LIVE_INTENT_...` that does not exist, stops the start with a message that says
what is allowed. `live-intent settings` shows the values in use and where each comes from.
"""


@dataclass(frozen=True)
class Setting:
    """One setting, with its value in this process."""

    group: str  # the first line of its class's docstring
    variable: str
    value: str
    origin: Literal["default", "environment"]
    default: str
    allowed: str
    description: str


def listing() -> Iterator[Setting]:
    """Yield the settings of all packages, by package and then in the order of the code.

    Raises SettingsError when a setting has a value that is not allowed.
    """
    import_settings()
    # Not in the order of imports, which varies; `sorted` is stable within a module.
    for cls in sorted(known_settings, key=lambda cls: cls.__module__):
        values = load(cls)
        group = (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")
        for name, info in cls.model_fields.items():
            yield Setting(
                group=group,
                variable=variable(name),
                value=_as_text(getattr(values, name)),
                origin="environment" if os.environ.get(variable(name)) else "default",
                default=_default(info),
                allowed=_allowed(info),
                description=info.description or "",
            )


def markdown() -> str:
    """Return docs/configuration.md: defaults, never the values in use on this machine."""
    parts = [_INTRODUCTION]
    group = ""
    for setting in listing():
        if setting.group != group:
            group = setting.group
            parts.append(
                f"\n## {group}\n\n| variable | default | allowed | what it does |\n"
                "| --- | --- | --- | --- |\n"
            )
        cells = (setting.default, setting.allowed, setting.description)
        row = " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells)
        parts.append(f"| `{setting.variable}` | {row} |\n")
    return "".join(parts)


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(hidden)" if value.get_secret_value() else ""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _default(info: FieldInfo) -> str:
    if info.default_factory is not None:
        return "(see text)"
    return f"`{text}`" if (text := _as_text(info.default)) else ""


def _allowed(info: FieldInfo) -> str:
    """The allowed values: bounds of numbers, the choices of a Literal."""
    kinds = [kind for kind in get_args(info.annotation) if kind is not type(None)]
    if get_origin(info.annotation) is Literal or not kinds:
        kinds = [info.annotation]
    bounds = [
        f"{sign} {getattr(rule, name)}"
        for rule in info.metadata
        for name, sign in _BOUNDS.items()
        if getattr(rule, name, None) is not None
    ]
    parts = [", ".join(bounds)] if bounds else []
    for kind in kinds:
        if get_origin(kind) is Literal:
            parts += [", ".join(f"`{choice}`" for choice in get_args(kind))]
        elif kind in _UNBOUNDED and not bounds:
            parts += [_UNBOUNDED[kind]]
    return " or ".join(parts)
