"""The words of hits as the engine's analyzers mark them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields
from query_service.highlighting.marks import MarkedText
from query_service.retrieval.engine_errors import engine_errors
from query_service.schemas.search.highlight import HighlightRequest


@dataclass(frozen=True)
class EngineMarks:
    """What is marked of one item; None: nothing, or it was not asked for."""

    title: MarkedText | None = None
    description: tuple[MarkedText, ...] = ()


@dataclass(frozen=True)
class MarksQuery:
    """Asks for the marks of some items. `query`: the clauses whose terms are marked."""

    wanted: HighlightRequest
    query: Mapping[str, Any]
    texts: TextFields = OWN_TEXTS
    # In no text: the engine puts them in, and they are taken out before a text is escaped.
    pre: str = field(default_factory=lambda: f"[{secrets.token_hex(8)}[")
    post: str = field(default_factory=lambda: f"]{secrets.token_hex(8)}]")

    @property
    def _titles(self) -> tuple[str, str]:
        return self.texts.title, self.texts.title_joined

    def body(self, item_ids: Sequence[str]) -> dict[str, Any]:
        """The search body: titles whole, and the best fragments of descriptions."""
        fields: dict[str, Any] = {}
        if "title" in self.wanted.fields:
            fields |= {name: {"number_of_fragments": 0} for name in self._titles}
        if "description" in self.wanted.fields:
            fields[self.texts.description] = {
                "fragment_size": self.wanted.fragment_size,
                "number_of_fragments": self.wanted.fragments,
                "order": "score",
            }
        return {
            "query": {"bool": {"filter": {"ids": {"values": list(item_ids)}}}},
            "size": len(item_ids),
            "_source": False,
            "track_total_hits": False,
            "highlight": {
                "type": "unified",
                "pre_tags": [self.pre],
                "post_tags": [self.post],
                "highlight_query": self.query,
                "fields": fields,
            },
        }

    def marks(
        self, client: OpenSearch, index: str, item_ids: Sequence[str], timeout_s: float
    ) -> dict[str, EngineMarks]:
        """The marks by item id, in one request. Raises ClusterUnavailable, IndexGone."""
        if not item_ids:
            return {}
        with engine_errors(index):
            response = client.search(
                index=index, body=self.body(item_ids), params={"request_timeout": timeout_s}
            )
        return {h["_id"]: self._marks(h.get("highlight", {})) for h in response["hits"]["hits"]}

    def _marks(self, parts: Mapping[str, Sequence[str]]) -> EngineMarks:
        title: MarkedText | None = None
        for name in self._titles:
            for marked in parts.get(name, ()):
                parsed = MarkedText.parse(marked, self.pre, self.post)
                title = title.with_spans(parsed.spans) if title else parsed
        fragments = [
            MarkedText.parse(marked, self.pre, self.post).stripped()
            for marked in parts.get(self.texts.description, ())
        ]
        return EngineMarks(title, tuple(fragments))
