"""The candidates of the legs as arrays: the input of the re-ranker."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_config.schema import GROUP_KEY
from query_service.retrieval.candidates.candidate_fields import CandidateFields
from query_service.retrieval.plan import HAS_WORDS, PERSON, WORDS, Leg
from query_service.retrieval.text.text_query import is_identified

Floats = NDArray[np.float32]
LegHits = Mapping[str, Sequence[Mapping[str, Any]]]  # the engine's hits, by the leg's name


@dataclass(frozen=True)
class Candidates:
    """n candidates. A leg's score is NaN where that leg did not return the item.

    `leg_scores` float32 [n, L] in the order of `legs`: BM25, and inner products; `vectors` float32
    [n, dims]; `has_words` bool [n]: the item matches the query's words, whichever leg returned it;
    `popularity` float32 [n], as in the catalogue; `price` float32 [n], NaN unknown;
    `groups`: the key of each item's group, which its variants share;
    `brands`, `categories` and `titles` per item, as in the catalogue; titles are empty when the
    re-ranker does not read them. `identified` bool [n]: the query is an identifier of the item.
    """

    ids: tuple[str, ...]
    legs: tuple[Leg, ...]
    leg_scores: Floats
    vectors: Floats
    has_words: NDArray[np.bool_]
    popularity: Floats
    price: Floats
    brands: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]
    identified: NDArray[np.bool_]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def keys(self, collapse: bool) -> tuple[str, ...]:
        """What makes a hit of its own: the item, or with `collapse` its group."""
        return self.groups if collapse else self.ids

    @property
    def groups_with_words(self) -> set[str]:
        """Groups of which a candidate has a word of the query."""
        pairs = zip(self.groups, self.has_words.tolist(), strict=True)
        return {group for group, has_words in pairs if has_words}

    def scores_of(self, leg_name: str) -> Floats:
        """The scores of one leg, float32 [n]; all NaN when it is not among `legs`."""
        names = [leg.name for leg in self.legs]
        if leg_name not in names:
            return np.full(len(self), np.nan, dtype=np.float32)
        scores: Floats = self.leg_scores[:, names.index(leg_name)]
        return scores

    def without_scores_of(self, leg_name: str) -> "Candidates":
        """The same candidates, as if that leg had returned none of them."""
        scores = self.leg_scores.copy()
        scores[:, [leg.name == leg_name for leg in self.legs]] = np.nan
        return replace(self, leg_scores=scores)

    def with_those_of(self, other: "Candidates") -> "Candidates":
        """These, and those of the other ones that are not among them; the same legs."""
        known = set(self.ids)
        rows = [row for row, item_id in enumerate(other.ids) if item_id not in known]

        def joined(name: str) -> Any:
            own, others = getattr(self, name), getattr(other, name)
            if isinstance(own, tuple):
                return (*own, *(others[row] for row in rows))
            return np.concatenate([own, others[rows]])

        names = [field.name for field in fields(self) if field.name != "legs"]
        return replace(self, **{name: joined(name) for name in names})

    @classmethod
    def union(
        cls,
        hits: LegHits,
        items: Mapping[str, CandidateFields],
        legs: tuple[Leg, ...],
        dims: int,
        with_words: Collection[str] = frozenset(),
    ) -> "Candidates":
        """The union of the legs' hits, by the leg's name, in the order of first appearance.

        `items`: the fields by item id; a hit that is not among them is no candidate.
        `with_words`: ids of the hits that match the query's words, see `ids_with_words`.
        """
        rows: dict[str, int] = {}
        own_fields: list[Mapping[str, Any]] = []  # of the hit that came first
        for leg_hits in hits.values():
            for hit in leg_hits:
                item_id = hit["_id"]
                if item_id not in rows and item_id in items:
                    rows[item_id] = len(rows)
                    own_fields.append(hit.get("fields", {}))
        of_items = [items[item_id] for item_id in rows]
        leg_scores = np.full((len(of_items), len(legs)), np.nan, dtype=np.float32)
        for column, leg in enumerate(legs):
            of_leg = [hit for hit in hits.get(leg.name, ()) if hit["_id"] in rows]
            if of_leg:
                scores = [leg.score(hit["_score"]) for hit in of_leg]
                leg_scores[[rows[hit["_id"]] for hit in of_leg], column] = scores
        identified = {h["_id"] for h in hits.get(WORDS, ()) if is_identified(h["_score"])}
        raw = b"".join(item.vector for item in of_items)
        return cls(
            ids=tuple(rows),
            legs=legs,
            leg_scores=leg_scores,
            vectors=np.frombuffer(raw, dtype="<f2").reshape(len(of_items), dims).astype(np.float32),
            has_words=np.array([item_id in with_words for item_id in rows], dtype=np.bool_),
            popularity=np.array([item.popularity for item in of_items], dtype=np.float32),
            price=np.array([item.price for item in of_items], dtype=np.float32),
            brands=tuple(item.brand for item in of_items),
            categories=tuple(item.category for item in of_items),
            titles=tuple(item.title for item in of_items),
            identified=np.array([item_id in identified for item_id in rows], dtype=np.bool_),
            groups=tuple(
                row.get(GROUP_KEY, [item_id])[0]
                for item_id, row in zip(rows, own_fields, strict=True)
            ),
        )


def group_of(hit: Mapping[str, Any]) -> str:
    """The key of a hit's group; of a hit without one its own id."""
    return str(hit.get("fields", {}).get(GROUP_KEY, [hit["_id"]])[0])


def ids_with_words(hits: LegHits) -> set[str]:
    """Ids of the hits that match the query's words, given the hits of each leg.

    The words leg scores them above 0 (given items without the words score 0), the person leg
    requires them, and the meaning leg names them.
    """
    ids = {hit["_id"] for hit in hits.get(WORDS, ()) if hit["_score"] > 0}
    ids |= {hit["_id"] for hit in hits.get(PERSON, ())}
    named = (hit for leg_hits in hits.values() for hit in leg_hits)
    return ids | {hit["_id"] for hit in named if HAS_WORDS in hit.get("matched_queries", ())}
