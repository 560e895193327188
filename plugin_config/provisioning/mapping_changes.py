"""How an index's mapping differs from the target, and which differences can be changed in place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Mapping parameters that OpenSearch can change on an existing field; it refuses all others.
CHANGEABLE = {"ignore_above", "ignore_malformed", "search_analyzer", "dynamic", "coerce", "meta"}
# Values of parameters that a mapping leaves out.
DEFAULTS = {"dynamic": "true", "type": "object", "doc_values": "true", "index": "true"}
_NESTED = ("properties", "fields")


@dataclass
class MappingChanges:
    """`patch` is the body for `PUT _mapping`; `possible` and `impossible` are lines to read."""

    patch: dict[str, Any] = field(default_factory=dict)
    possible: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)


def mapping_changes(target: Mapping[str, Any], current: Mapping[str, Any]) -> MappingChanges:
    """Compare two mappings. Fields that only `current` has stay: none can be removed."""
    changes = MappingChanges()
    new, old = _value(target, "dynamic"), _value(current, "dynamic")
    if new != old:
        changes.patch["dynamic"] = target.get("dynamic", "true")
        changes.possible.append(f"dynamic: {old} -> {new}")
    patch = _fields(target.get("properties", {}), current.get("properties", {}), "", changes)
    if patch:
        changes.patch["properties"] = patch
    return changes


def differences(target: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[str]:
    """Lines `path: old -> new` for two nested objects."""
    new, old = _flatten(target), _flatten(current)
    for path in sorted(new.keys() | old.keys()):
        if new.get(path) != old.get(path):
            yield f"{path}: {old.get(path, '(none)')} -> {new.get(path, '(none)')}"


def _flatten(value: Any, path: str = "") -> dict[str, str]:
    """Nested objects as `a.b.c: text`, so that `true` and `"true"` are equal."""
    if isinstance(value, Mapping):
        flat: dict[str, str] = {}
        for key, inner in value.items():
            flat |= _flatten(inner, f"{path}.{key}")
        return flat
    if isinstance(value, list) and not value:
        return {}
    return {path.removeprefix("."): _text(value)}


def _fields(
    target: Mapping[str, Any], current: Mapping[str, Any], path: str, changes: MappingChanges
) -> dict[str, Any]:
    """The patch for these fields; differences go to `changes`."""
    patch = {}
    for name, target_field in target.items():
        if name not in current:
            patch[name] = target_field
            changes.possible.append(f"{path}{name}: (none) -> {_value(target_field, 'type')}")
            continue
        field_patch = _field(target_field, current[name], path + name, changes)
        if field_patch is not None:
            patch[name] = field_patch
    return patch


def _field(
    target: Mapping[str, Any], current: Mapping[str, Any], path: str, changes: MappingChanges
) -> dict[str, Any] | None:
    """The patch for one existing field; None if it stays as it is."""
    possible, impossible = [], []
    # With all current parameters: OpenSearch takes an omitted one for a change to its default.
    patch = {key: value for key, value in current.items() if key not in _NESTED}
    for key in sorted((target.keys() | current.keys()) - set(_NESTED)):
        new, old = _value(target, key), _value(current, key)
        if new == old:
            continue
        line = f"{path}.{key}: {old} -> {new}"
        if key in CHANGEABLE and key in target:
            patch[key] = target[key]
            possible.append(line)
        else:
            impossible.append(line)
    if impossible:
        changes.impossible += impossible
        return None
    changes.possible += possible
    nested_changed = False
    for key in _NESTED:
        nested = _fields(target.get(key, {}), current.get(key, {}), f"{path}.", changes)
        if key == "fields" and nested:
            nested = {**current.get(key, {}), **nested}
        if nested:
            patch[key] = nested
            nested_changed = True
    if "properties" in current:
        patch.pop("type", None)
    return patch if possible or nested_changed else None


def _value(definition: Mapping[str, Any], key: str) -> str:
    return _text(definition[key]) if key in definition else DEFAULTS.get(key, "(none)")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
