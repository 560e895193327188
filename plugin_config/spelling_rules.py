"""Characters and patterns that texts write in several ways, and the one way that is searched.

The engine's analyzers and Python's terms (`indexer/catalogue/spelling.py`) both read them.
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
    "\u2033": '"', "\u05f4": '"',
    "\u00b2": "2", "\u00b3": "3", "\u00bd": " 1/2", "\u00bc": " 1/4", "\u00be": " 3/4",
    "\u00b5": "\u03bc", "\u0451": "\u0435", "\u0401": "\u0415", "\u266f": "#",
}  # fmt: skip
# 1,299 and 1299 are one number, 1,5 and 1.5 too; 1,2,3 are three.
THOUSANDS = r"(?<=(?<![\d.,])[1-9]\d{0,2}(?:,\d{3}){0,3}),(?=\d{3}(?!\d|,\d{1,2}(?!\d)))"
DECIMAL = r"(?<=(?<![\d.,])\d{1,9}),(?=\d{1,3}(?!\d|[.,]\d))"
# The letter behind the joint is replaced too: a space alone would shift the word's end offset.
JOINT = r"(?<=\p{L})(\p{Nd})|(?<=\p{Nd})(\p{L})"
_METRIC = r"(?=[ -]?(?:[cdm]?l|lit(?:er|re)s?|[mk]?g|kilos?|[cm]?m|km)(?![A-Za-z]))"
# Patterns of both Java and Python. 1½ l and 1,50 l are 1.5 l; of inches, 1-1/2 stays. A plus behind
# a word is a word (s21+, A+++, C++), as a sharp is (C#). Thai and Lao sara am, in one part or two.
RULES = {
    "halves": (rf"(?i)(?<=[0-9])[ -]{{1,2}}1/2{_METRIC}", ".5"),
    "quarters": (rf"(?i)(?<=[0-9])[ -]{{1,2}}1/4{_METRIC}", ".25"),
    "three_quarters": (rf"(?i)(?<=[0-9])[ -]{{1,2}}3/4{_METRIC}", ".75"),
    "zeros": (rf"(?i)([0-9][.,][1-9])0{_METRIC}", "$1"),
    "only_zeros": (rf"(?i)(?<=[0-9])[.,]00?{_METRIC}", ""),
    "swiss_thousands": (r"(?<=[0-9])'(?=[0-9]{3}(?![0-9]))", ""),
    "middle_points": ("(?<=[0-9])\u00b7(?=[0-9])", "."),
    "leading_points": (r"(?<![\w.,/])\.(?=[0-9]+(?![.0-9]))", "0."),
    "plus_signs": (r"(?<=[A-Za-z0-9+])\+(?![A-Za-z0-9])", " plus"),
    "sharps": (r"(?<=\b[A-Za-z])#(?!\w)", " sharp"),
    "hebrew_quotes": ("(?<=[\u05d0-\u05ea])[\"'](?=[\u05d0-\u05ea])", ""),
    "thai_am": ("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "$1\u0e33"),
    "lao_am": ("\u0ecd([\u0ec8-\u0ecb]?)\u0eb2", "$1\u0eb3"),
}


def _composed() -> dict[str, str]:
    """Decomposed letters of the scripts whose accents make other letters, to composed ones."""
    pairs = {}
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
