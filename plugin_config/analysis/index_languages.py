"""The languages of an items index: their codes, their analyzers, and which a request gets."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LANGUAGES_META = "languages"  # in `_meta`
# The analyzer of a language's texts, by the primary part of its code; of any other `standard`.
ANALYZERS = {
    "ar": "arabic", "bg": "bulgarian", "bn": "bengali", "ca": "catalan", "ckb": "sorani",
    "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "gl": "galician", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "ja": "cjk", "ko": "cjk",
    "lt": "lithuanian", "lv": "latvian", "nb": "norwegian", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pt": "portuguese", "pt-BR": "brazilian", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "th": "thai", "tr": "turkish", "zh": "cjk",
}  # fmt: skip
CODE = r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}"
_CODE = re.compile(CODE)


def language_code(text: str) -> str:
    """A code as BCP 47 writes it: `pt_br` is `pt-BR`, `ZH-hant` `zh-Hant`; "" for another text."""
    if not _CODE.fullmatch(text := text.strip()):
        return ""
    primary, *parts = re.split("[_-]", text)
    shown = [
        part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower()
        for part in parts
    ]
    return "-".join([primary.lower(), *shown])


def analyzer_of(code: str) -> str:
    """The analyzer of a language's texts: that of `pt-BR`, else that of `pt`, else `standard`."""
    return ANALYZERS.get(code) or ANALYZERS.get(code.partition("-")[0], "standard")


def code_of(analyzer: str) -> str:
    """The language that an analyzer is of; "" for one of several languages, or of none."""
    codes = [code for code, name in ANALYZERS.items() if name == analyzer]
    return codes[0] if len(codes) == 1 else ""


@dataclass(frozen=True)
class IndexLanguages:
    """`analyzers`: by code; "" where the items' own texts serve, in the fields of every index.

    A language with an analyzer has fields of its own, in which every item has texts: those of the
    language, or its own ones where it has none of the language.
    """

    analyzers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_meta(cls, meta: Mapping[str, Any]) -> "IndexLanguages":
        """Read from the index's `_meta`."""
        return cls(dict(meta.get(LANGUAGES_META) or {}))

    def to_meta(self) -> dict[str, Any]:
        """The part of `_meta` that names them; nothing for an index without languages."""
        return {LANGUAGES_META: dict(self.analyzers)} if self.analyzers else {}

    @property
    def localized(self) -> dict[str, str]:
        """The analyzer of each language that has fields of its own."""
        return {code: analyzer for code, analyzer in self.analyzers.items() if analyzer}

    def match(self, wanted: Iterable[str]) -> str:
        """The first of the wanted languages that the index has; "" if it has none of them.

        `de-AT` is also answered in `de` (the lookup of RFC 4647), and `de` in `de-AT`.
        """
        for each in wanted:
            code = language_code(each)
            parts = code.split("-")
            for length in range(len(parts), 0, -1):
                if (shorter := "-".join(parts[:length])) in self.analyzers:
                    return shorter
            alike = [known for known in self.analyzers if known.partition("-")[0] == parts[0]]
            if alike:
                return min(alike)
        return ""


NO_LANGUAGES = IndexLanguages()
