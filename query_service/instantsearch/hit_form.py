"""A hit as front ends read it: the source's fields, and texts with the query's words marked.

The texts are as the catalogue has them, not escaped, as in the original: InstantSearch escapes
them, and then puts its tags in.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from indexer.catalogue.values.markup import plain_text
from query_service.instantsearch.query_form import POST, PRE
from query_service.instantsearch.query_params import QueryParams
from query_service.retrieval.source_fields import SourceFields
from query_service.schemas.search.answers import Hit

_MARKED = re.compile(f"{PRE}(.*?){POST}", re.DOTALL)
_WORD = re.compile(r"\w+")


def hit_form(hit: Hit, params: QueryParams, shown: SourceFields) -> dict[str, Any]:
    """The fields `shown`, `objectID`, `_highlightResult` and `_snippetResult`."""
    body: dict[str, Any] = {**shown.shown(hit.source), "objectID": hit.item_id}
    if hit.variants is not None:
        body["_variants"] = hit.variants.model_dump()
    marker = _Marker(hit, params)
    if params.marked is None or params.marked:
        body["_highlightResult"] = marker.highlights()
    if params.snippets:
        body["_snippetResult"] = marker.snippets()
    if hit.explanation is not None:
        body["_why"] = hit.explanation.why
    return body


class _Marker:
    """The marked texts of one hit."""

    def __init__(self, hit: Hit, params: QueryParams) -> None:
        self._source, self._params = hit.source, params
        self._words = {word.casefold() for word in _WORD.findall(params.query_text)}
        marks = hit.highlight
        self._title = html.unescape(marks.title or "") if marks else ""
        self._fragments = (
            [html.unescape(each) for each in (marks.description or ())] if marks else []
        )

    def highlights(self) -> dict[str, Any]:
        """Every text of the source that the front end wants marked, whole."""
        wanted = self._params.marked
        if wanted is not None and "*" not in wanted:
            return _by_path(self._source, wanted, self._highlight)
        return {
            name: self._any(name, value)
            for name, value in self._source.items()
            if isinstance(value, str | list | Mapping)
        }

    def snippets(self) -> dict[str, Any]:
        """The fragments of the texts that the front end wants in short."""

        def snippet(path: str, text: str) -> dict[str, Any]:
            words = self._params.snippets.get(path, 10)
            marked = self._fragments[0] if path == "description" and self._fragments else ""
            short = marked or _shortened(self._marked(path, plain_text(text)), words)
            return self._result(short, whole=False)

        return _by_path(self._source, tuple(self._params.snippets), snippet)

    def _any(self, path: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self._any(f"{path}.{name}", each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._any(path, each) for each in value]
        return self._highlight(path, str(value))

    def _highlight(self, path: str, text: str) -> dict[str, Any]:
        return self._result(self._marked(path, text), whole=True)

    def _marked(self, path: str, text: str) -> str:
        """The text with marks: where the engine found the words, or where they stand as typed."""
        if path == "title":
            return self._title or text
        if path == "description":
            plain = [each.replace(PRE, "").replace(POST, "") for each in self._fragments]
            if not all(each in text for each in plain):
                text = plain_text(text)  # the engine marks it without its HTML
            for unmarked, fragment in zip(plain, self._fragments, strict=True):
                text = text.replace(unmarked, fragment, 1)
            return text
        return _WORD.sub(
            lambda word: f"{PRE}{word[0]}{POST}" if word[0].casefold() in self._words else word[0],
            text,
        )

    def _result(self, marked: str, *, whole: bool) -> dict[str, Any]:
        pre, post = self._params.tags
        words = list(dict.fromkeys(each.casefold() for each in _MARKED.findall(marked)))
        level = "none" if not words else "full" if len(words) >= len(self._words) else "partial"
        result: dict[str, Any] = {
            "value": marked.replace(PRE, pre).replace(POST, post),
            "matchLevel": level,
        }
        if whole:
            result["matchedWords"] = words
            if words:
                result["fullyHighlighted"] = not _MARKED.sub("", marked).strip()
        return result


def _by_path(source: Mapping[str, Any], paths: tuple[str, ...], make: Any) -> dict[str, Any]:
    """What `make` says of the text at each path, `attributes.colour` in objects as the source."""
    made: dict[str, Any] = {}
    for path in paths:
        parent, _, name = path.rpartition(".")
        holder = source.get(parent, {}) if parent else source
        value = holder.get(name) if isinstance(holder, Mapping) else None
        if value is None:
            continue
        texts = [make(path, str(each)) for each in (value if isinstance(value, list) else [value])]
        target = made.setdefault(parent, {}) if parent else made
        target[name] = texts if isinstance(value, list) else texts[0]
    return made


def _shortened(marked: str, words: int) -> str:
    """The first words of a text."""
    parts = marked.split()
    return marked if len(parts) <= words else " ".join(parts[:words]) + "…"
