"""The texts of an item in the languages of an index: as they are stored, and as they are shown."""

from collections.abc import Mapping
from typing import Any

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.categories import category_paths, category_texts
from indexer.catalogue.items import Item
from indexer.catalogue.translations import Translation, Translations
from indexer.catalogue.values.markup import plain_text
from plugin_config.analysis.index_languages import IndexLanguages
from plugin_config.analysis.text_fields import LOCALIZED, TRANSLATED_TO, TRANSLATIONS


def localized_part(item: Item, languages: IndexLanguages) -> dict[str, Any]:
    """The fields of a document for the languages of its index; {} for an index without."""
    if not languages.analyzers:
        return {}
    part: dict[str, Any] = {}
    if item.translations:
        part[TRANSLATIONS] = {code: _stored(each) for code, each in item.translations.items()}
        part[TRANSLATED_TO] = list(item.translations)
    if languages.localized:
        part[LOCALIZED] = {code: _texts(item, code) for code in languages.localized}
    return part


def stored_translations(source: Mapping[str, Any]) -> Translations:
    """The translations of a document's source: the reverse of `localized_part`."""
    return {
        code: Translation(
            title=fields.get("title", ""),
            description=fields.get("description", ""),
            category=category_paths(fields.get("category", ())),
        )
        for code, fields in source.get(TRANSLATIONS, {}).items()
    }


def in_language(code: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """A document's source with the texts of a language in place of its own, where it has some."""
    translation = source.get(TRANSLATIONS, {}).get(code)
    if not translation:
        return dict(source)
    return {**source, **translation, "language": code}


def _stored(translation: Translation) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    if translation.title:
        stored["title"] = translation.title
    if translation.description:
        stored["description"] = translation.description
    if translation.category:
        stored["category"] = category_texts(translation.category)
    return stored


def _texts(item: Item, code: str) -> dict[str, Any]:
    """What is searched of an item in a language: texts in it, else the item's own."""
    localized = item.in_language(code)
    texts: dict[str, Any] = {"title": localized.title}
    if item.brand:
        texts["brand"] = item.brand
    if localized.description:
        texts["description"] = plain_text(localized.description)
    if paths := localized.category_paths:
        texts["category"] = category_texts(paths)
        texts["category_keys"] = [filter_key(text) for text in texts["category"]]
    return texts
