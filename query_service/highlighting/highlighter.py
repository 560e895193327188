"""The titles and descriptions of a page's hits with the query's words marked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from indexer.bundle.term_map import TermMap
from indexer.catalogue.values.markup import plain_text
from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields
from query_service.highlighting.engine_marks import EngineMarks, MarksQuery
from query_service.highlighting.loose_words import begun_by, misspelt
from query_service.highlighting.marks import MarkedText
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.problems import FieldProblem
from query_service.retrieval.text.query_words import unknown_words
from query_service.retrieval.text.text_query import words_to_mark
from query_service.schemas.problems import FieldError
from query_service.schemas.search.answers import HitHighlight
from query_service.schemas.search.highlight import HighlightRequest

Sources = Mapping[str, Mapping[str, Any]]
NO_MARKS = EngineMarks()


@dataclass(frozen=True)
class Highlighter:
    """What a request wants marked: `query_text` ("" marks nothing), and `prefix`, its last word.

    `unknown`: the query's words that the catalogue lacks, which may be misspelt. A word that it has
    is not looked for in other words, except where nothing else is marked: `store` is no `stone`.
    """

    wanted: HighlightRequest
    query_text: str = ""
    prefix: str = ""
    unknown: str = ""
    corrects: bool = True  # whether misspelt words are marked
    synonyms: tuple[str, ...] = ()  # texts that count as the query
    texts: TextFields = OWN_TEXTS

    def engine_marks(
        self, client: OpenSearch, index: str, item_ids: Collection[str], timeout_s: float
    ) -> dict[str, EngineMarks]:
        """What the engine marks, by item id. Raises ClusterUnavailable, IndexGone."""
        if not self.query_text:
            return {}
        clauses = words_to_mark(self.query_text, self.unknown, self.synonyms, self.texts)
        query = MarksQuery(self.wanted, clauses, self.texts)
        return query.marks(client, index, list(item_ids), timeout_s)

    def highlights(
        self, sources: Sources, marks: Mapping[str, EngineMarks], by_meaning: Collection[str]
    ) -> dict[str, HitHighlight]:
        """The highlight of each item; an item in `by_meaning` has none of the query's words."""
        return {
            item_id: self._highlight(source, marks.get(item_id, NO_MARKS), item_id in by_meaning)
            for item_id, source in sources.items()
        }

    def _highlight(
        self, source: Mapping[str, Any], marks: EngineMarks, by_meaning: bool
    ) -> HitHighlight:
        title = MarkedText(str(source.get("title", "")))
        # The engine's title is as old as its last refresh: marks of another one are of no use.
        if marks.title and marks.title.text == title.text:
            title = marks.title
        fragments, fields = list(marks.description), self.wanted.fields
        if self.query_text and not by_meaning:
            title = title.with_spans(begun_by(title.text, self.prefix))
            title = title.with_spans(misspelt(title.text, self.unknown))
            if self.corrects and not title.spans and not fragments:
                title = title.with_spans(misspelt(title.text, self.query_text))
        if not fragments and "description" in fields:
            fragments = self._beginning(str(source.get("description", "")))
        return HitHighlight(
            title=self._rendered(title) if "title" in fields else None,
            description=[*map(self._rendered, fragments)] if "description" in fields else None,
        )

    def _rendered(self, text: MarkedText) -> str:
        return text.rendered(self.wanted.pre, self.wanted.post)

    def _beginning(self, description: str) -> list[MarkedText]:
        """The beginning of a description in which nothing is marked."""
        text, size = plain_text(description).strip(), self.wanted.fragment_size
        if len(text) > size:
            cut = text[: size + 1]
            text = (cut.rsplit(maxsplit=1)[0] if " " in cut else cut[:size]).rstrip()
        return [MarkedText(text)] if text else []


def highlighter_of(
    wanted: HighlightRequest, plan: RetrievalPlan, vocabulary: TermMap
) -> Highlighter:
    """The highlighter of what a plan asks the engine."""
    unknown = unknown_words(plan.query_text, vocabulary) if plan.corrects else ""
    synonyms = tuple(plan.synonyms)
    return Highlighter(
        wanted=wanted,
        query_text=plan.query_text,
        prefix=plan.prefix,
        unknown=unknown,
        corrects=plan.corrects,
        synonyms=synonyms,
        texts=plan.fields,
    )


def check_highlight(wanted: HighlightRequest, *, marks_descriptions: bool) -> None:
    """Raise FieldProblem for an older index, which can't mark descriptions."""
    if "description" in wanted.fields and not marks_descriptions:
        message = (
            "the index can't mark descriptions: run live-intent index rebuild CATALOGUE, or ask "
            'for {"fields": ["title"]}'
        )
        raise FieldProblem([FieldError(field="highlight.fields", message=message)])
