"""How titles and queries are analysed: one spelling for both, in every language.

`english` and the other names of LANGUAGES become an analyzer of our own, `words_english`, that also
folds accents and width, removes invisible characters, and splits letters from digits. Beside it,
`joined_english` joins adjacent words, so that `t shirt`, `t-shirt` and `tshirt` share a term. Any
other analyzer is used as it is. Only filters that are part of every OpenSearch are used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from plugin_config.analysis.languages import ARTICLES, LANGUAGES, Language
from plugin_config.analysis.spelling_rules import (
    CHARACTERS,
    COMPOSED,
    DECIMAL,
    ELIDED,
    INVISIBLE,
    JOINT,
    MARKS,
    RULES,
    THOUSANDS,
)

# Of scripts that any shop may have, whatever its language. `hindi_normalization` comes in too: it
# writes the nasal signs alike, and leaves out the dots of borrowed letters.
_NORMALISED = (
    "decimal_digit", "arabic_normalization", "persian_normalization", "indic_normalization",
    "hindi_normalization",
)  # fmt: skip
JOINED_WORDS = 3  # adjacent words that are also indexed as one
LONGEST_WORD, SHORTEST_PART = 40, 4  # letters, of a compound and of a word in it
LONGEST_TYPED = 24  # letters of a word that count while it is typed
Decompound = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class TextAnalysis:
    """The analyzers of an items index for one `LIVE_INTENT_ANALYZER`.

    `compound_parts`: words that compounds are split into; none: compounds stay whole. `suffix`:
    of the names of its filters, in an index that has those of another language too.
    """

    analyzer: str = "english"
    compound_parts: Sequence[str] = ()
    suffix: str = ""

    @property
    def words(self) -> str:
        """Name of the analyzer of texts."""
        return f"words_{self.analyzer}" if self.analyzer in LANGUAGES else self.analyzer

    @property
    def joined(self) -> str:
        """Name of the analyzer that also joins adjacent words."""
        return f"joined_{self.analyzer if self.analyzer in LANGUAGES else 'standard'}"

    @property
    def joined_search(self) -> str:
        """Name of the analyzer of queries to the joined words: without single stop words."""
        return f"{self.joined}_search"

    @property
    def _stop_words(self) -> str:
        return f"stop_words{self.suffix}"

    @property
    def _stem(self) -> str:
        return f"stem{self.suffix}"

    def name_in(self, fields: dict[str, Any]) -> None:
        """Replace the placeholders "words", "joined" and "joined_search" in all text fields."""
        for field in fields.values():
            for parameter in ("analyzer", "search_analyzer"):
                if parameter in field:
                    field[parameter] = getattr(self, field[parameter])
            self.name_in(field.get("fields", {}))
            self.name_in(field.get("properties", {}))

    @property
    def settings(self) -> dict[str, Any]:
        """The index's `analysis` settings."""
        language = LANGUAGES.get(self.analyzer, Language())
        filters, joining = self._filters(language), self._joining(language)
        analyzers = {
            self.joined: self._analyzer(language, joining, ["apostrophes"]),
            self.joined_search: self._analyzer(
                language,
                [*joining, *([self._stop_words] if language.stop else [])],
                ["apostrophes"],
            ),
        }
        if self.analyzer in LANGUAGES:
            chain = self._chain(language)
            elided = [] if self.analyzer in ARTICLES else ["elided"]  # these have a filter
            analyzers[self.words] = self._analyzer(language, chain, elided)
        if self.compound_parts:
            filters[f"compounds{self.suffix}"] = {
                "type": "dictionary_decompounder",
                "word_list": list(self.compound_parts),
                "min_subword_size": SHORTEST_PART,
                "max_subword_size": LONGEST_WORD,
                "only_longest_match": True,
            }
        return {
            "char_filter": _CHAR_FILTERS,
            "filter": filters,
            "analyzer": analyzers,
            "normalizer": {
                "identifier": {
                    "type": "custom",
                    "char_filter": ["invisible", "characters", "identifier_signs", "leading_zeros"],
                    "filter": ["lowercase", "asciifolding"],
                },
                "name": {
                    "type": "custom",
                    "char_filter": ["invisible", "composed", "marks", "characters"],
                    "filter": ["lowercase", "asciifolding"],
                },
            },
        }

    @property
    def typed_settings(self) -> dict[str, Any]:
        """The `analysis` settings of an index of suggestions.

        `typed` has every beginning of a word, and of adjacent words as one; `typed_search` the
        words that are typed so far. Neither stems nor drops stop words. Each CJK letter is a word.
        """
        language = LANGUAGES.get(self.analyzer, Language())
        [*words, join] = self._joining(language)
        filters = self._filters(language)
        used = {name: filters[name] for name in (language.lower, join) if name in filters}
        edges = {"type": "edge_ngram", "min_gram": 1, "max_gram": LONGEST_TYPED}
        cut = {"type": "truncate", "length": LONGEST_TYPED}
        first = ["cjk_letters", "apostrophes"]
        return {
            "char_filter": _CHAR_FILTERS | {"cjk_letters": _replace(CJK_JOINT, " $1")},
            "filter": used | {"beginnings": edges, "longest": cut},
            "analyzer": {
                "typed": self._analyzer(language, [*words, join, "beginnings"], first),
                "typed_search": self._analyzer(language, [*words, "longest"], first),
            },
        }

    def _chain(self, language: Language) -> list[str]:
        chain = [*language.first, "cjk_width", language.lower]
        if language.stop:
            chain.append(self._stop_words)
        if self.compound_parts:
            chain.append(f"compounds{self.suffix}")
        chain += [*_NORMALISED, *language.normalise]
        if language.accents:
            chain.append(f"both_forms{self.suffix}")
        else:
            chain += ["asciifolding", *([self._stem] if language.stem else [])]
        return [*chain, *language.after]

    def _joining(self, language: Language) -> list[str]:
        fold = [*_NORMALISED, *language.normalise, "asciifolding"]
        return ["cjk_width", language.lower, *fold, "join"]

    def _filters(self, language: Language) -> dict[str, Any]:
        filters: dict[str, Any] = {
            "join": {
                "type": "shingle",
                "min_shingle_size": 2,
                "max_shingle_size": JOINED_WORDS,
                "token_separator": "",
                "filler_token": "",
                "output_unigrams": True,
            }
        }
        if language.stop:
            filters[self._stop_words] = {"type": "stop", "stopwords": language.stop}
        if language.stem:
            filters[self._stem] = {"type": "stemmer", "language": language.stem}
        if language.accents:
            forms = [f"asciifolding,{self._stem}", f"{self._stem},asciifolding"]
            filters[f"both_forms{self.suffix}"] = {"type": "multiplexer", "filters": forms,
                                     "preserve_original": False}  # fmt: skip
        if "possessive" in language.first:
            filters["possessive"] = {"type": "stemmer", "language": "possessive_english"}
        if language.lower != "lowercase":
            filters[language.lower] = {"type": "lowercase", "language": self.analyzer}
        if self.analyzer in ARTICLES:
            filters[f"elision_{self.analyzer}"] = {
                "type": "elision",
                "articles": ARTICLES[self.analyzer],
                "articles_case": True,
            }
        return filters

    def _analyzer(
        self, language: Language, filters: list[str], more: Sequence[str] = ()
    ) -> dict[str, Any]:
        return {
            "type": "custom",
            "char_filter": [*_SPELLING, *more],
            "tokenizer": language.tokenizer,
            "filter": filters,
        }


def splits_compounds(analyzer: str, decompound: Decompound) -> bool:
    """Whether compounds are split: `auto` says so of German."""
    return decompound == "on" or (decompound == "auto" and analyzer == "german")


def _mapping(pairs: dict[str, str]) -> dict[str, Any]:
    rules = [f"{_escaped(one)}=>{_escaped(other)}" for one, other in pairs.items()]
    return {"type": "mapping", "mappings": rules}


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04X}" for letter in text)


def _replace(pattern: str, replacement: str) -> dict[str, Any]:
    return {"type": "pattern_replace", "pattern": pattern, "replacement": replacement}


# Not cut by the tokenizer everywhere: kana and Hangul make words, of which any letter may be typed.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
CJK_JOINT = f"(?<=[{_CJK}])([{_CJK}])"
_SPELLING = (
    "invisible", "composed", "marks", "characters", *RULES, "thousands", "decimals", "joints",
)  # fmt: skip
_CHAR_FILTERS = {
    "invisible": _replace(INVISIBLE, ""),
    "composed": _mapping(COMPOSED),
    "marks": _replace(MARKS, ""),
    "characters": _mapping(CHARACTERS),
    **{name: _replace(pattern, replacement) for name, (pattern, replacement) in RULES.items()},
    "thousands": _replace(THOUSANDS, ""),
    "decimals": _replace(DECIMAL, "."),
    "joints": _replace(JOINT, " $1$2"),
    "elided": _replace(ELIDED, ""),
    "apostrophes": _replace(r"(?<=\p{L})['.](?=\p{L})", ""),
    "identifier_signs": _replace(r"[\s\p{Pd}]+", ""),
    "leading_zeros": _replace(r"^(?=\d{12,14}$)0+(?=\d)", ""),
}
