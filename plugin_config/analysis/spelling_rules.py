"""Characters and patterns that texts write in several ways, and the one way that is searched.

The engine's analyzers and Python's terms (`indexer/catalogue/words/spelling.py`) both read them.
"""

import unicodedata

# Zero-width characters, soft hyphens, marks of direction, variation selectors.
INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff]"
)
# Combining accents, and the vowel signs of Hebrew and Arabic. Not those of Hindi or Thai: these are
# letters.
MARKS = (
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
# Letters whose accent makes another letter: composed before MARKS are removed.
_COMPOSED_BLOCKS = ((0x0370, 0x03FF), (0x0400, 0x052F), (0x0620, 0x06FF), (0x3040, 0x30FF))
# One character for several: fractions and Roman numerals, units (㎏), letters (℃), old forms of
# Hebrew and Arabic letters. Not ™ and its like, which are no letters.
_COMPATIBILITY_BLOCKS = (
    (0x2100, 0x211F), (0x2126, 0x214F), (0x2150, 0x217F), (0x2189, 0x2189), (0x3371, 0x33DF),
    (0xFB1D, 0xFBB1), (0xFBD3, 0xFBFF), (0xFDF2, 0xFDF2), (0xFE80, 0xFEFC),
)  # fmt: skip
# Apostrophes as keyboards and programs write them: grave, acute, curly, prime, Hebrew geresh.
APOSTROPHES = dict.fromkeys(map(ord, "`\u00b4\u2018\u2019\u201b\u02bb\u02bc\u2032\u05f3"), "'")
_FRACTION_SLASH = "\u2044"
_REPLACED = {
    "\u3000": " ", "\u202f": " ", "_": " ", "\u00d7": "x", _FRACTION_SLASH: "/",
    "\u2033": '"', "\u05f4": '"', "\u201c": '"', "\u201d": '"', "\u201e": '"',
    "\u00b2": "2", "\u00b3": "3", "\u00bd": " 1/2", "\u00bc": " 1/4", "\u00be": " 3/4",
    "\u00b5": "\u03bc", "\u0451": "\u0435", "\u0401": "\u0415", "\u266f": "#",
}  # fmt: skip
# 1,299 and 1299 are one number, 1,5 and 1.5 too; 1,2,3 are three.
THOUSANDS = r"(?<=(?<![\d.,])[1-9]\d{0,2}(?:,\d{3}){0,3}),(?=\d{3}(?!\d|,\d{1,2}(?!\d)))"
DECIMAL = r"(?<=(?<![\d.,])\d{1,9}),(?=\d{1,3}(?!\d|[.,]\d))"
# Articles and prepositions of French and Italian that lose a vowel: l'huile, d'eau, dell'olio.
ELIDED = (
    r"(?i)(?<![\w'])(?:l|d|(?:jus|lors|puis|quoi)?qu|(?:d[ae]|ne|su|a)ll|un)'"
    "(?=[A-Za-z\u00c0-\u024f]{2})"
)
# The letter behind the joint is replaced too: a space alone would shift the word's end offset.
JOINT = r"(?<=\p{L})(\p{Nd})|(?<=\p{Nd})(\p{L})"
_METRIC = r"(?=[ -]?(?:[cdm]?l|lit(?:er|re)s?|[mk]?g|kilos?|[cm]?m|km)(?![A-Za-z]))"
# Of which nobody sells a thousandth: 1.500 W is 1500 W.
_SMALL_UNIT = "[ -]?(?:ml|mah|w|lm|mm|btu|rpm)(?![A-Za-z])"
# An inch, by its signs and in the languages of shops; `in` itself is a word of many languages.
_INCHES = (
    r"(?:\"|''|[ -]{0,2}(?:inch(?:es)?|zoll|pouces?|pulgadas?|polegadas?|pollic[ei]|"
    "\u0434\u044e\u0439\u043c(?:\u0430|\u043e\u0432)?|\u82f1\u5bf8|\u30a4\u30f3\u30c1|\uc778\uce58)(?![A-Za-z])[.]?)"
)
_IN = r"(?=[ -]?in(?![A-Za-z]))"
_INCH_FRACTIONS = {
    "1/2": "50?", "1/4": "250?", "3/4": "750?", "1/8": "125", "3/8": "375", "5/8": "625",
    "7/8": "875",
}  # fmt: skip
_KATAKANA = "[\u30a1-\u30fa\u30fc]"
# Patterns of both Java and Python. 1½ l and 1,50 l are 1.5 l; of inches 1.5 in is 1-1/2 in. 5.0 is
# 5; of versions 1.10 and 2.0.1 stay. 10 000 is 10000; 12 128 stays, it may be two numbers. A plus
# behind a word is a word (s21+, A+++, C++), as a sharp is (C#). Thai and Lao sara am, in one part
# or two. A long vowel may end a Japanese word of four letters or more.
RULES = {
    "halves": (rf"(?i)(?<=[0-9])[ -]{{1,2}}1/2{_METRIC}", ".5"),
    "quarters": (rf"(?i)(?<=[0-9])[ -]{{1,2}}1/4{_METRIC}", ".25"),
    "three_quarters": (rf"(?i)(?<=[0-9])[ -]{{1,2}}3/4{_METRIC}", ".75"),
    "zeros": (rf"(?i)([0-9][.,][1-9])0{_METRIC}", "$1"),
    "only_zeros": (r"(?<![0-9.,])([0-9]{1,9})[.,]00?(?![0-9]|[.,][0-9])", "$1"),
    "spaced_thousands": (r"(?<![\w.,/-])([1-9][0-9]{0,2})[ \u00a0](?=000(?![0-9]))", "$1"),
    "dotted_thousands": (
        rf"(?i)(?<![0-9.,])([1-9][0-9]{{0,2}})[.](?=[0-9]00{_SMALL_UNIT})",
        "$1",
    ),
    "swiss_thousands": (r"(?<=[0-9])'(?=[0-9]{3}(?![0-9]))", ""),
    "inches": (rf"(?i)(?<=[0-9]){_INCHES}", " in "),
    "middle_points": ("(?<=[0-9])\u00b7(?=[0-9])", "."),
    "leading_points": (r"(?<![\w.,/])\.(?=[0-9]+(?![.0-9]))", "0."),
    **{
        f"inches_{name}": (rf"(?i)(?<=[0-9])[.,]{decimals}{_IN}", f"-{name}")
        for name, decimals in _INCH_FRACTIONS.items()
    },
    "no_inches": (r"(?<![0-9.,/-])0-(?=[0-9]/[0-9])", ""),
    "plus_signs": (r"(?<=[A-Za-z0-9+])\+(?![A-Za-z0-9])", " plus"),
    "sharps": (r"(?<=\b[A-Za-z])#(?!\w)", " sharp"),
    "hebrew_quotes": ("(?<=[\u05d0-\u05ea])[\"'](?=[\u05d0-\u05ea])", ""),
    "thai_am": ("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "$1\u0e33"),
    "long_vowels": (f"(?<={_KATAKANA}{{3}})\u30fc(?!{_KATAKANA})", ""),
    "lao_am": ("\u0ecd([\u0ec8-\u0ecb]?)\u0eb2", "$1\u0eb3"),
}


def _composed() -> dict[str, str]:
    """Decomposed letters of the scripts whose accents make other letters, to composed ones.

    Kana of half width too, whose marks are letters of their own.
    """
    pairs = {}
    for letter in map(chr, range(0xFF66, 0xFF9E)):
        pairs[letter] = unicodedata.normalize("NFKC", letter)
        for mark in "\uff9e\uff9f":
            composed = unicodedata.normalize("NFKC", letter + mark)
            if len(composed) == 1:
                pairs[letter + mark] = composed
    for first, last in _COMPOSED_BLOCKS:
        for code in range(first, last + 1):
            letter = chr(code)
            decomposed = unicodedata.normalize("NFD", letter)
            if decomposed != letter and unicodedata.normalize("NFC", decomposed) == letter:
                pairs[decomposed] = letter
    return pairs


def _compatible() -> dict[str, str]:
    """Characters that stand for others, to these, without vowel signs."""
    pairs = {}
    for first, last in _COMPATIBILITY_BLOCKS:
        for letter in map(chr, range(first, last + 1)):
            plain = unicodedata.normalize("NFKC", letter)
            if plain == letter:
                continue
            plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not _is_mark(c))
            if _FRACTION_SLASH in plain:
                plain = f" {plain.replace(_FRACTION_SLASH, '/')}"
            pairs[letter] = unicodedata.normalize("NFC", plain)
    return pairs


def _is_mark(character: str) -> bool:
    """Whether it is a vowel sign of Hebrew; those of Arabic make other letters."""
    return "\u0591" <= character <= "\u05c7"


COMPOSED = _composed()
CHARACTERS = (
    {chr(0xFF01 + offset): chr(0x21 + offset) for offset in range(94)}
    | _compatible()
    | {chr(code): text for code, text in APOSTROPHES.items()}
    | _REPLACED
)
