"""What an encoder is: enough to tell whether two sets of vectors can be compared."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

from plugin_config.errors import LiveIntentError


class EncoderMismatch(LiveIntentError):
    """An index holds vectors of another encoder than the one at hand."""

    exit_code = 4


@dataclass(frozen=True)
class EncoderSpec:
    """Model, how it is used, and the vector layout built from it."""

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
    behaviour_dims: int  # K, likewise
    behaviour: str = ""  # fingerprint of the learned item halves; empty: none are learned

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits; the same on every machine and in every number format."""
        raw = json.dumps(self.to_meta(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(raw.encode()).hexdigest()[:16]

    @property
    def vector_dims(self) -> int:
        """Dimensions of an item vector: D for `sum`, M + K for `concat`."""
        return self.dimension if self.layout == "sum" else self.meaning_dims + self.behaviour_dims

    def with_halves(self, M: int, K: int, behaviour: str) -> "EncoderSpec":
        """The spec of item vectors made with learned halves of that fingerprint."""
        return replace(self, layout="concat", meaning_dims=M, behaviour_dims=K, behaviour=behaviour)

    def to_meta(self) -> dict[str, Any]:
        """As it stands in an index's `_meta`."""
        told = asdict(self)
        if not self.behaviour:
            del told["behaviour"]  # so that an index from before there was one still fits
        return told

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "EncoderSpec":
        """The reverse of `to_meta`."""
        return cls(**meta)


def check_fingerprint(spec: EncoderSpec, meta: Mapping[str, Any], index_name: str) -> None:
    """Refuses an index (by its `_meta`) that was made by another encoder.

    Raises EncoderMismatch.
    """
    if meta.get("fingerprint") == spec.fingerprint:
        return
    theirs = meta.get("encoder")
    holds = _told(theirs) if theirs else "an unknown encoder (it was not made by a rebuild)"
    raise EncoderMismatch(
        f"the index {index_name} holds vectors of {holds}; this process encodes with "
        f"{_told(spec.to_meta())}. Rebuild it (live-intent index rebuild CATALOGUE), or set "
        "LIVE_INTENT_BUNDLE, LIVE_INTENT_ENCODER, LIVE_INTENT_LAYOUT and what goes with them to "
        "the index's"
    )


def _told(meta: Mapping[str, Any]) -> str:
    dims = f", M={meta['meaning_dims']}, K={meta['behaviour_dims']}"
    layout = f"layout {meta['layout']}" + (dims if meta["layout"] == "concat" else "")
    learned = f", learned item halves {meta['behaviour']}" if meta.get("behaviour") else ""
    return (
        f"{meta['model']} (weights {meta['weights_hash']}, {meta['pooling']} pooling, {layout}"
        f"{learned})"
    )
