"""The description of an encoder, by which two sets of vectors are comparable or not."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

from plugin_config.errors import LiveIntentError


class EncoderMismatch(LiveIntentError):
    """An index holds vectors of another encoder than this process uses."""

    exit_code = 4


@dataclass(frozen=True)
class EncoderSpec:
    """A model, how texts go through it, and the layout of the item vectors made with it."""

    model: str
    weights_hash: str
    pooling: str
    normalize: bool
    query_prefix: str
    item_prefix: str
    max_length: int
    dimension: int  # D, of an embedding
    layout: Literal["sum", "concat"] | str
    meaning_dims: int  # M, of the layout `concat`
    behaviour_dims: int  # K, of the layout `concat`
    behaviour: str = ""  # fingerprint of the learned item halves; empty without them

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of a hash; the same on every machine and in every number format."""
        raw = json.dumps(self.to_meta(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(raw.encode()).hexdigest()[:16]

    @property
    def vector_dims(self) -> int:
        """Dimensions of an item vector: D for `sum`, M + K for `concat`."""
        return self.dimension if self.layout == "sum" else self.meaning_dims + self.behaviour_dims

    def with_halves(self, M: int, K: int, behaviour: str) -> "EncoderSpec":
        """The spec of item vectors made with learned item halves of fingerprint `behaviour`."""
        return replace(self, layout="concat", meaning_dims=M, behaviour_dims=K, behaviour=behaviour)

    def to_meta(self) -> dict[str, Any]:
        """The entry in an index's `_meta`."""
        meta = asdict(self)
        if not self.behaviour:
            del meta["behaviour"]  # so that indexes made before this field existed still match
        return meta

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "EncoderSpec":
        """The reverse of `to_meta`."""
        return cls(**meta)


def check_fingerprint(spec: EncoderSpec, meta: Mapping[str, Any], index_name: str) -> None:
    """Raises EncoderMismatch when an index, by its `_meta`, was made with another encoder."""
    if meta.get("fingerprint") == spec.fingerprint:
        return
    other = meta.get("encoder")
    of_index = _described(other) if other else "an unknown encoder (it was not made by a rebuild)"
    own = spec.to_meta()
    differences = _differences(other, own) if other else ""
    raise EncoderMismatch(
        f"the index {index_name} holds vectors of {of_index}; this process encodes with "
        f"{_described(own)}{differences}. Rebuild it (live-intent index rebuild CATALOGUE), or set "
        "LIVE_INTENT_BUNDLE, LIVE_INTENT_ENCODER, LIVE_INTENT_LAYOUT and what goes with them to "
        "the index's"
    )


def _described(meta: Mapping[str, Any]) -> str:
    dims = f", M={meta['meaning_dims']}, K={meta['behaviour_dims']}"
    layout = f"layout {meta['layout']}" + (dims if meta["layout"] == "concat" else "")
    learned = f", learned item halves {meta['behaviour']}" if meta.get("behaviour") else ""
    return (
        f"{meta['model']} (weights {meta['weights_hash']}, {meta['pooling']} pooling, {layout}"
        f"{learned})"
    )


def _differences(other: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    differing = [name for name in {**own, **other} if other.get(name) != own.get(name)]
    named = (f"{name} ({other.get(name)!r} there, {own.get(name)!r} here)" for name in differing)
    return f"; they differ in {', '.join(named)}" if differing else ""
