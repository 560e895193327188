"""The languages of a catalogue's texts, and which of them an index searches by an own analyzer."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from indexer.catalogue.items import Item
from plugin_config.analysis.index_languages import (
    NO_LANGUAGES,
    IndexLanguages,
    analyzer_of,
    code_of,
    language_code,
)
from plugin_config.errors import SettingsError

MAX_LANGUAGES = 40  # of an index: each has fields of its own
AUTO, NONE = "auto", "none"
_ANALYZER = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass
class LanguageSurvey:
    """Numbers of items by language: `own` that of their own texts ("" for unknown)."""

    own: Counter[str] = field(default_factory=Counter)
    translated: Counter[str] = field(default_factory=Counter)
    own_of_translated: Counter[str] = field(default_factory=Counter)

    def add(self, item: Item) -> None:
        """Counts one item in."""
        own = language_code(item.language)
        self.own[own] += 1
        if item.translations:
            self.own_of_translated[own] += 1
            self.translated.update(item.translations.keys())

    @property
    def items(self) -> dict[str, int]:
        """The number of items that have texts in a language, the commonest first."""
        both = self.own + self.translated
        del both[""]
        return dict(both.most_common())


@dataclass(frozen=True)
class LanguageChoice:
    """`named`: these languages, each with its analyzer. None: those of translations."""

    named: Mapping[str, str] | None = None

    @classmethod
    def of(cls, names: Iterable[str]) -> "LanguageChoice":
        """From `de`, `zh=smartcn`, `auto`, `none`. Raises SettingsError."""
        choices = [name for each in names if (name := each.strip())]
        if choices in ([], [AUTO]):
            return cls()
        if choices == [NONE]:
            return cls({})
        named = {}
        for each in choices:
            name, sign, analyzer = (part.strip() for part in each.partition("="))
            code = language_code(name)
            if not code or (sign and not _ANALYZER.fullmatch(analyzer)):
                raise SettingsError(
                    f"language {each!r}: write a code such as de or pt-BR, or with an analyzer of "
                    "the cluster zh=smartcn; auto or none stand alone"
                )
            named[code] = analyzer or analyzer_of(code)
        if len(named) > MAX_LANGUAGES:
            raise SettingsError(f"{len(named)} languages, at most {MAX_LANGUAGES} are allowed")
        return cls(named)

    @classmethod
    def parse(cls, text: str) -> "LanguageChoice":
        """From names that commas separate. Raises SettingsError."""
        return cls.of(text.split(","))

    def languages(self, surveyed: LanguageSurvey, own_analyzer: str) -> IndexLanguages:
        """The languages of an index; `own_analyzer` is that of its items' own texts.

        By default those that items are translated to, and those of the own texts of such items. An
        own text of an unknown language is in that of the analyzer.
        """
        if self.named is None:
            if not surveyed.translated:
                return NO_LANGUAGES
            counts = surveyed.translated + surveyed.own_of_translated
            if "" in counts:
                counts[code_of(own_analyzer)] += counts[""]
                del counts[""]
            codes = [code for code, _ in counts.most_common(MAX_LANGUAGES) if code]
            named: Mapping[str, str] = {code: analyzer_of(code) for code in codes}
        else:
            named = self.named
        # The fields that every index has serve a language that nothing is translated to.
        return IndexLanguages(
            {
                code: ""
                if analyzer == own_analyzer and code not in surveyed.translated
                else analyzer
                for code, analyzer in named.items()
            }
        )


def language_lines(languages: IndexLanguages, counts: Mapping[str, int]) -> list[str]:
    """A line on the languages that requests can name, and one on texts in others."""
    lines = []
    if languages.analyzers:
        named = [
            f"{code} ({analyzer or 'the own texts'}, {counts.get(code, 0)} items)"
            for code, analyzer in languages.analyzers.items()
        ]
        lines.append("languages that requests can name: " + ", ".join(named))
    others = [
        f"{code} ({count})" for code, count in counts.items() if code not in languages.analyzers
    ]
    if others and languages.analyzers:
        lines.append(
            f"texts in other languages (items): {', '.join(others[:20])}; LIVE_INTENT_LANGUAGES "
            "names those to search by their own analyzers"
        )
    return lines


def texts_in(items: Sequence[Item], code: str) -> list[str]:
    """The titles and category names that items have in a language."""
    texts = []
    for item in items:
        translation = item.translations.get(code)
        if translation is not None:
            texts += [translation.title, *(name for path in translation.category for name in path)]
        elif language_code(item.language) == code:
            texts += [item.title, *item.category]
    return texts
