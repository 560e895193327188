"""The texts of an item in further languages."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from indexer.catalogue.categories import Path, read_categories
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.values.markup import read_description
from indexer.catalogue.values.text import (
    MAX_TITLE,
    ValueProblem,
    is_blank,
    read_text,
    short,
    shown,
)
from plugin_config.analysis.index_languages import ANALYZERS, language_code

TRANSLATED = ("title", "description", "category")  # the fields that a translation may have
MAX_TRANSLATIONS = 100  # of one item
_EXAMPLE = '{"de": {"title": "Lampe", "description": "..."}}'


@dataclass(frozen=True, slots=True)
class Translation:
    """An item's texts in one language; what is empty is as in the item's own texts."""

    title: str = ""
    description: str = ""
    category: tuple[Path, ...] = ()


Translations = dict[str, Translation]  # by language
# Changed fields by language, an empty value removes; None: all of the language is removed.
TranslationChanges = dict[str, dict[str, Any] | None]


def read_translations(value: Any, rules: ReadingRules) -> Translations:
    """Translations by language, from an object or its JSON. Raises ValueProblem."""
    return changed({}, read_translation_changes(value, rules))


def read_translation_changes(value: Any, rules: ReadingRules) -> TranslationChanges:
    """What an object of translations sets and removes; fields other than TRANSLATED do not count.

    A text in place of a translation is its title. Raises ValueProblem.
    """
    if is_blank(value):
        return {}
    changes: TranslationChanges = {}
    for name, given in _object(value).items():
        if not (code := language_code(name)):
            raise ValueProblem(
                f"translations has {shown(name)}, which is no code of a language, as de or pt-BR"
            )
        if is_blank(given):
            changes[code] = None
            continue
        fields = {"title": given} if isinstance(given, str) else given
        if not isinstance(fields, Mapping) or not any(each in fields for each in TRANSLATED):
            raise ValueProblem(
                f"translations.{name} {shown(given)} has none of {', '.join(TRANSLATED)}"
            )
        read = {each: _read(each, fields[each], rules) for each in TRANSLATED if each in fields}
        changes[code] = (changes.get(code) or {}) | read
    if len(changes) > MAX_TRANSLATIONS:
        raise ValueProblem(
            f"translations has {len(changes)} languages, at most {MAX_TRANSLATIONS} are allowed"
        )
    return changes


def changed(before: Translations, changes: TranslationChanges) -> Translations:
    """The translations with the changes; one that has no text left is removed."""
    after = dict(before)
    for code, fields in changes.items():
        if fields is None:
            after.pop(code, None)
        else:
            after[code] = replace(after.get(code, Translation()), **fields)
    return {code: each for code, each in after.items() if each != Translation()}


def joined_changes(first: TranslationChanges, later: TranslationChanges) -> TranslationChanges:
    """Both changes as one."""
    both = dict(first)
    for code, fields in later.items():
        earlier = both.get(code, {})
        if fields is None:
            both[code] = None
        elif earlier is None:  # removed, then given: what is not given stays removed
            both[code] = {"title": "", "description": "", "category": ()} | fields
        else:
            both[code] = earlier | fields
    return both


def with_blanks(given: Any, blanks: Any) -> Any:
    """Raw translations of a row with those fields of the language that its other columns blank."""
    if not isinstance(given, Mapping) or not isinstance(blanks, Mapping):
        return given
    both = dict(given)
    for code, fields in blanks.items():
        known = both.get(code)
        both[code] = {**(fields or {}), **known} if isinstance(known, Mapping) else fields
    return both


def split_languages(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raw values of an item whose title is an object by language, with translations in place of it.

    Its own texts are those of its `language`, else of the first one.
    """
    title = values.get("title")
    if not isinstance(title, Mapping) or not title or not all(map(_is_language, title)):
        return values
    codes = {str(name): language_code(str(name)) for name in title}
    own = language_code(str(values.get("language") or ""))
    own = own if own in codes.values() else next(iter(codes.values()))
    plain, translations = dict(values), dict[str, Any]()
    for field in TRANSLATED:
        if not isinstance(by_name := values.get(field), Mapping):
            continue
        if not all(str(name) in codes for name in by_name):
            continue
        texts = {codes[str(name)]: text for name, text in by_name.items() if not is_blank(text)}
        plain[field] = texts.pop(own, None)
        for code, text in texts.items():
            translations.setdefault(code, {})[field] = text
    plain["language"] = own
    if translations and is_blank(values.get("translations")):
        plain["translations"] = translations
    return plain


def translated_column(column: str) -> tuple[str, str]:
    """The language and the field of a column: `title.de` and `translations.de.title`; else "", "".

    Of a column without `translations.` the language must be a known one.
    """
    first, _, rest = column.partition(".")
    if first == "translations":
        code, _, field = rest.rpartition(".")
        return (language_code(code), field) if field in TRANSLATED else ("", "")
    if first in ("title", "description") and _is_language(rest):
        return language_code(rest), first
    return "", ""


def _is_language(name: Any) -> bool:
    code = language_code(str(name))
    return code.partition("-")[0] in ANALYZERS


def _read(field: str, value: Any, rules: ReadingRules) -> Any:
    if field == "category":
        return read_categories(value, rules)
    if field == "description":
        return read_description(value)
    name = f"translations: {field}"
    return short(" ".join(read_text(value, name).split()), name, MAX_TITLE)


def _object(value: Any) -> dict[str, Any]:
    """The translations by language, also of a list whose members name `language` or `locale`."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
        value = {each.get("language") or each.get("locale") or "": each for each in value}
    if not isinstance(value, Mapping):
        raise ValueProblem(f"translations {shown(value)} is not an object such as {_EXAMPLE}")
    return {str(name).strip(): given for name, given in value.items()}
