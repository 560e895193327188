"""A suggestion, the key that equal ones share, and the items that it leads to."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.categories import category_paths
from indexer.catalogue.words.spelling import spelled
from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields

StoredType = Literal["query", "category", "brand"]  # items are suggested from their own index
OWN = "own"  # in place of a language: the items' own texts
# Of more than three words, a quarter may be missing.
NEEDED_WORDS = "3<75%"
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Suggestion:
    """A completion. `weight`: its popularity among all types, 0 to 1; `count`: items behind it.

    `filters`: those of a request that it stands for, {} for a query; `features`: attribute terms
    that most of its items have, as in `attribute_terms`. `languages`: those that it is for, OWN for
    requests without one; (): for all.
    """

    type: StoredType
    text: str
    weight: float
    count: int
    filters: Mapping[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def document_id(self) -> str:
        """One id for suggestions that show the same."""
        parts = (self.type, suggestion_key(self.text), *map(filter_key, self.filters.values()))
        parts += self.languages
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    def to_document(self) -> dict[str, Any]:
        """The document that OpenSearch stores of it."""
        return asdict(self)


def typed_words(text: str) -> list[str]:
    """The words of a text in lower case, spelled as titles and queries are."""
    return _WORD.findall(spelled(text).lower())


def suggestion_key(text: str) -> str:
    """Equal for texts that differ in letter case, accents and punctuation only."""
    return " ".join(typed_words(text)) or " ".join(text.lower().split())


def leaf(path: str) -> str:
    """The last name of a category's text, `Phones > Smart`."""
    paths = category_paths([path])
    return paths[0][-1] if paths else path


def items_query(
    text: str, filters: Mapping[str, str] | None = None, fields: TextFields = OWN_TEXTS
) -> dict[str, Any]:
    """The items that a suggestion leads to: those with the words of a query, or a filter's.

    A filter compares keys, as those of requests do. `fields`: of the language that is searched.
    """
    if filters:
        keys = {"category": fields.category_keys}
        terms = [
            {"term": {keys.get(name, f"keys.{name}"): filter_key(of)}}
            for name, of in filters.items()
        ]
        return {"bool": {"filter": terms}}
    words = {
        "query": text,
        # A query's words may be spread over these.
        "fields": [fields.title, fields.brand, fields.category_text, fields.description],
        "type": "cross_fields",
        "minimum_should_match": NEEDED_WORDS,
    }
    return {"multi_match": words}
