"""The text fields of an items index: those of the items' own texts, and those of a language."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from plugin_config.analysis.index_languages import IndexLanguages
from plugin_config.analysis.text_analysis import TextAnalysis

LOCALIZED = "localized"  # by language, the texts that are searched in it
TRANSLATIONS = "translations"  # by language, the texts that the catalogue has; part of the source
TRANSLATED_TO = "translated_to"  # the languages of an item's translations
_KEY = {"type": "keyword", "ignore_above": 8000}


@dataclass(frozen=True)
class TextFields:
    """Names of fields. `category_keys` are filter keys of category paths, `category` the paths."""

    title: str = "title"
    brand: str = "brand.text"
    category: str = "category"
    category_keys: str = "keys.category"
    description: str = "description_text"  # without HTML; stored beside the source, to mark words

    @property
    def title_exact(self) -> str:
        """Keyword sub-field: the unanalysed title, read from doc values."""
        return f"{self.title}.exact"

    @property
    def title_sorted(self) -> str:
        """Keyword sub-field: the title by which items are sorted."""
        return f"{self.title}.sorted"

    @property
    def title_joined(self) -> str:
        """Text sub-field: unstemmed words, and two or three of them as one."""
        return f"{self.title}.joined"

    @property
    def category_text(self) -> str:
        """Text sub-field: the words of category paths."""
        return f"{self.category}.text"


OWN_TEXTS = TextFields()


def fields_of(language: str) -> TextFields:
    """The fields of a language; those of the items' own texts for ""."""
    if not language:
        return OWN_TEXTS
    names = ("title", "brand", "category", "category_keys", "description")
    return TextFields(*(f"{LOCALIZED}.{language}.{name}" for name in names))


def language_analyses(
    languages: IndexLanguages, own: TextAnalysis, compound_parts: Mapping[str, Sequence[str]]
) -> dict[str, TextAnalysis]:
    """The analysis of each language that has fields of its own; `own` is that of other texts.

    `compound_parts`: by analyzer.
    """
    return {
        code: own
        if analyzer == own.analyzer
        else TextAnalysis(analyzer, compound_parts.get(analyzer, ()), f"_{analyzer}")
        for code, analyzer in languages.localized.items()
    }


def add_languages(
    body: dict[str, Any], own: Mapping[str, Any], languages: Mapping[str, TextAnalysis]
) -> None:
    """Adds the fields and analyzers of `languages` to the body that creates an items index.

    `own`: the mapping's fields of the items' own texts, with the names of analyzers as in the
    template. A body without languages stays as it is.
    """
    if not languages:
        return
    analysis = body["settings"]["index.analysis"]
    for each in languages.values():
        for part, definitions in each.settings.items():
            for name, definition in definitions.items():
                analysis[part].setdefault(name, definition)
    mappings = body["mappings"]
    mappings["_source"]["excludes"] = [*mappings["_source"]["excludes"], LOCALIZED, TRANSLATED_TO]
    mappings["properties"] |= {
        TRANSLATIONS: {"type": "object", "enabled": False},
        TRANSLATED_TO: {"type": "keyword"},
        LOCALIZED: {
            "properties": {
                code: {"properties": _language_fields(own, each)}
                for code, each in languages.items()
            }
        },
    }


def _language_fields(own: Mapping[str, Any], analysis: TextAnalysis) -> dict[str, Any]:
    """The fields of one language. Its titles are stored, since no source has them."""
    title = deepcopy(own["title"])
    for stored in (title, title["fields"]["joined"]):
        stored["store"] = True
    fields: dict[str, Any] = {
        "title": title,
        "brand": deepcopy(own["brand"]["fields"]["text"]),
        "category": deepcopy(own["category"]),
        "category_keys": dict(_KEY),
        "description": deepcopy(own["description_text"]),
    }
    analysis.name_in(fields)
    return fields
