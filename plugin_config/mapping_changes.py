"""How a wanted mapping differs from an index's own, and what of it can be changed in place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# OpenSearch accepts other values for these on a field that exists; for all else it refuses.
CHANGEABLE = {"ignore_above", "ignore_malformed", "search_analyzer", "dynamic", "coerce", "meta"}
# What a mapping leaves unsaid means the same.
IMPLIED = {"dynamic": "true", "type": "object", "doc_values": "true", "index": "true"}


@dataclass
class MappingChanges:
    """`patch` is the body for `PUT _mapping`; `possible` and `impossible` are lines to read."""

    patch: dict[str, Any] = field(default_factory=dict)
    possible: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)


def mapping_changes(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> MappingChanges:
    """Compare two mappings. Fields that only `present` has are left: none can be removed."""
    changes = MappingChanges()
    dynamic = _said(wanted, "dynamic")
    if dynamic != _said(present, "dynamic"):
        changes.patch["dynamic"] = wanted.get("dynamic", "true")
        changes.possible.append(f"dynamic: {_said(present, 'dynamic')} -> {dynamic}")
    patch = _fields(wanted.get("properties", {}), present.get("properties", {}), "", changes)
    if patch:
        changes.patch["properties"] = patch
    return changes


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Nested objects as `a.b.c: text`, so that `true` and `"true"` are the same."""
    if isinstance(value, Mapping):
        return {k: v for key, part in value.items() for k, v in flat(part, f"{path}.{key}").items()}
    if isinstance(value, list) and not value:
        return {}
    return {path.removeprefix("."): _text(value)}


def differences(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[str]:
    """Lines `path: old -> new` for two objects of any shape."""
    new, old = flat(wanted), flat(present)
    for path in sorted(new.keys() | old.keys()):
        if new.get(path) != old.get(path):
            yield f"{path}: {old.get(path, '(none)')} -> {new.get(path, '(none)')}"


def _fields(
    wanted: Mapping[str, Any], present: Mapping[str, Any], path: str, changes: MappingChanges
) -> dict[str, Any]:
    """The part of the patch for these fields."""
    patch = {}
    for name, field_wanted in wanted.items():
        full = path + name
        if name not in present:
            patch[name] = field_wanted
            changes.possible.append(f"{full}: (none) -> {_said(field_wanted, 'type')}")
            continue
        part = _field(field_wanted, present[name], full, changes)
        if part is not None:
            patch[name] = part
    return patch


def _field(
    wanted: Mapping[str, Any], present: Mapping[str, Any], path: str, changes: MappingChanges
) -> dict[str, Any] | None:
    """The patch for one field that exists; None where it stays as it is."""
    possible, impossible = [], []
    # its own parameters stay as they are, or OpenSearch takes what is unsaid for a change
    patch = {k: v for k, v in present.items() if k not in ("properties", "fields")}
    for key in sorted((wanted.keys() | present.keys()) - {"properties", "fields"}):
        new, old = _said(wanted, key), _said(present, key)
        if new == old:
            continue
        line = f"{path}.{key}: {old} -> {new}"
        if key in CHANGEABLE and key in wanted:
            patch[key] = wanted[key]
            possible.append(line)
        else:
            impossible.append(line)
    if impossible:
        changes.impossible += impossible
        return None
    changes.possible += possible
    inner_touched = False
    for inner in ("properties", "fields"):
        part = _fields(wanted.get(inner, {}), present.get(inner, {}), f"{path}.", changes)
        if inner == "fields" and part:
            part = {**present.get(inner, {}), **part}
        if part:
            patch[inner] = part
            inner_touched = True
    if "properties" in present:
        patch.pop("type", None)
    return patch if possible or inner_touched else None


def _said(definition: Mapping[str, Any], key: str) -> str:
    return _text(definition[key]) if key in definition else IMPLIED.get(key, "(none)")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
