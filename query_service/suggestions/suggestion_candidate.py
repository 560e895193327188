"""A suggestion that may be shown, and how the engine's hits become one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from indexer.suggestions.suggestion import suggestion_key, typed_words
from query_service.schemas.suggest import SuggestionType
from query_service.suggestions.typed_prefix import INSIDE, Completion, TypedPrefix

ITEMS = 8  # that are read, of which the best are shown
ITEM_WEIGHT = 0.5  # the popularity of the first item; of the last, none
TAIL_WEIGHT = 0.5  # of the popularity of a last word's completion, behind other words
CARD = ("title", "brand", "price", "currency", "available", "image_url")


@dataclass(frozen=True)
class Candidate:
    """A suggestion that may be shown. `weight`: its popularity; `features`: attribute terms.

    `needs_count`: it may lead to nothing, also without filters.
    """

    type: SuggestionType
    text: str
    completion: Completion
    weight: float = 0.0
    count: int | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    own: bool = False
    needs_count: bool = False
    item_id: str | None = None
    source: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Equal for candidates that lead to the same."""
        target = self.item_id or " ".join(self.filters.values()).lower()
        return self.type, target or suggestion_key(self.text)


def stored_candidate(
    source: Mapping[str, Any], prefix: TypedPrefix, *, exact: bool
) -> Candidate | None:
    """A stored suggestion; None if it completes the prefix only by more mistakes than allowed.

    What the engine finds without mistakes does complete it, by rules of its language.
    """
    completion = prefix.completion(source["text"])
    if exact and (completion is None or completion.corrected):
        completion = Completion(INSIDE)
    if completion is None:
        return None
    return Candidate(
        type=source["type"],
        text=source["text"],
        completion=completion,
        weight=source["weight"],
        count=source["count"],
        filters=source["filters"],
        features=tuple(source["features"]),
    )


def tail_candidate(source: Mapping[str, Any], prefix: TypedPrefix) -> Candidate:
    """A stored completion of the last word, behind the words before it: not counted yet."""
    before = set(typed_words(prefix.head))
    words = [word for word in source["text"].split() if not before.intersection(typed_words(word))]
    text = " ".join([prefix.head, *words])
    begins = prefix.tail.completion(" ".join(words)) or Completion(0.0)
    weight = TAIL_WEIGHT * source["weight"]
    return Candidate("query", text, Completion(INSIDE * begins.quality), weight, needs_count=True)


def item_candidate(
    hit: Mapping[str, Any], row: int, prefix: TypedPrefix, completion: Completion | None = None
) -> Candidate:
    """An item; `completion` where it is not one of the prefix as typed."""
    source = hit["_source"]
    title = source.get("title", "")
    own = prefix.completion(title)
    if own is None or own.corrected:  # the engine finds it as it was typed: T-Shirt for tshirt
        own = Completion(INSIDE)
    return Candidate(
        type="item",
        text=title,
        completion=completion or own,
        weight=ITEM_WEIGHT * (1 - row / ITEMS),
        count=1,
        features=tuple(source.get("features", ())),
        item_id=hit["_id"],
        source={name: source[name] for name in CARD if name in source},
    )
