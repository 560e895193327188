"""A suggestion that may be shown, and how the engine's hits become one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from indexer.catalogue.words.spelling import lowered
from indexer.catalogue.words.terms import CJK_LETTER
from indexer.suggestions.suggestion import suggestion_key, typed_words
from query_service.schemas.search.suggest import SuggestionType
from query_service.suggestions.typed_prefix import INSIDE, Completion, TypedPrefix

ITEMS = 8  # that are read, of which the best are shown
ITEM_WEIGHT = 0.5  # the popularity of the first item; of the last, none
TITLE_WEIGHT = 0.5  # the popularity of a word that completes the query in every title found
MOST_OF_TITLES = 3  # such completions
PUNCTUATION = ",;:.!?()[]{}|\"'/"
CARD = ("title", "brand", "price", "currency", "available", "image_url")


@dataclass(frozen=True)
class Candidate:
    """A suggestion that may be shown. `weight`: its popularity; `features`: attribute terms.

    `certain`: it leads to an item that the request's filters admit.
    """

    type: SuggestionType
    text: str
    completion: Completion
    weight: float = 0.0
    count: int | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    own: bool = False
    certain: bool = False
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
    completion = prefix.completion(source["text"], misspelt=not exact)
    if completion is None and exact:
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


def title_candidates(titles: Sequence[str], prefix: TypedPrefix) -> list[Candidate]:
    """Queries that complete the last word as titles of found items do: each leads to an item.

    None where it is written without spaces.
    """
    if prefix.is_empty or CJK_LETTER.search(prefix.text):
        return []
    typed = "".join(prefix.tail.words)
    words = Counter(
        word
        for title in titles
        for word in {word.strip(PUNCTUATION) for word in lowered(title).split()}
        if "".join(typed_words(word)).startswith(typed)
    )
    return [
        Candidate(
            "query",
            text,
            prefix.completion(text, misspelt=False) or Completion(INSIDE),
            weight,
            certain=True,
        )
        for word, count in words.most_common(MOST_OF_TITLES)
        if (text := f"{prefix.head} {word}".strip())
        and (weight := TITLE_WEIGHT * count / len(titles))
    ]


def item_candidate(
    hit: Mapping[str, Any], row: int, prefix: TypedPrefix, completion: Completion | None = None
) -> Candidate:
    """An item; `completion` where it is not one of the prefix as typed."""
    source = hit["_source"]
    title = source.get("title", "")
    # The engine finds it as it was typed: T-Shirt for tshirt.
    completion = completion or prefix.completion(title, misspelt=False) or Completion(INSIDE)
    return Candidate(
        type="item",
        text=title,
        completion=completion,
        weight=ITEM_WEIGHT * (1 - row / ITEMS),
        count=1,
        features=tuple(source.get("features", ())),
        certain=True,
        item_id=hit["_id"],
        source={name: source[name] for name in CARD if name in source},
    )


def without_price(candidate: Candidate) -> Candidate:
    """The candidate, its card without a price."""
    if candidate.source is None:
        return candidate
    shown = {n: v for n, v in candidate.source.items() if n not in ("price", "currency")}
    return replace(candidate, source=shown)
