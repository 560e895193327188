"""Sizes in a query as catalogues write them: `2x4x8`, `1/2"` and `20v` have no word in common with
`2 in. x 4 in. x 8 in.`, `1/2 in.` and `20-Volt`.
"""

import re

_NUMBER = r"\d+(?:\.\d+)?(?:[- ]?\d*/\d+)?"
# How a catalogue writes a unit, and how people write it in queries. The first match is taken.
_UNITS = (
    ("sq. ft.", r"square f(?:ee|oo)t|sq\.? ?f(?:ee|oo)?t"),
    ("cu. ft.", r"cubic f(?:ee|oo)t|cu\.? ?f(?:ee|oo)?t|cf"),
    ("in.", r"inch(?:es)?|ins?|\"|''|”|″"),
    ("ft.", r"feet|foot|ft|'|’|′"),
    ("lb.", r"pounds?|lbs?"),
    ("gal.", r"gallons?|gals?"),
    ("oz.", r"ounces?|oz"),
    ("amp", r"amps?|amperes?|a"),
    ("volt", r"volts?|v"),
    ("watt", r"watts?|w"),
    ("yd.", r"yards?|yd"),
    ("mm", r"millimet(?:er|re)s?|mm"),
    ("qt.", r"quarts?|qt"),
    ("gauge", r"gauge|guage|ga"),
)
_SIZES = [
    (re.compile(rf"(?<![\w/])({_NUMBER})[\s-]*(?:{variants})(?!\w)\.?"), rf"\1 {unit}")
    for unit, variants in _UNITS
]
_BETWEEN = re.compile(r"(?<=\d)\s*(?:by|×|\*)\s*(?=\d)")
_DIMENSION = re.compile(rf"({_NUMBER})\s*x\s*(?={_NUMBER})")
_LAST = re.compile(rf"(?<= in\. x )({_NUMBER})(?![\w/.])(?!\s*(?:in|ft|yd|mm|x)\b)")
_TWICE = re.compile(r"((?:in|ft|yd)\.|mm) in\.")


def written_out(query_text: str) -> str:
    """The query in lower case with its sizes written out; dimensions without a unit are inches.

    `2x12 pine` -> `2 in. x 12 in. pine`; a query without sizes is only put in lower case.
    """
    text = _BETWEEN.sub(" x ", " ".join(query_text.lower().split()))
    for pattern, size in _SIZES:
        text = pattern.sub(size, text)
    text = _DIMENSION.sub(r"\1 in. x ", text)
    text = _LAST.sub(r"\1 in.", text)
    return " ".join(_TWICE.sub(r"\1", text).split())
