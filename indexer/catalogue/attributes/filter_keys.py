"""Filter keys: equal for values that differ in letter case or Unicode form only."""

import unicodedata

from plugin_config.analysis.spelling_rules import APOSTROPHES


def filter_key(text: str) -> str:
    """The key by which filters compare texts: Canon, CANON and full-width Ｃａｎｏｎ have one.

    NFKC and case folding, without invisible characters (zero width, soft hyphen), apostrophes of
    one kind, every run of spaces one space. Accents stay: they tell values apart.
    """
    if text.isascii():
        return " ".join(text.lower().replace("`", "'").split())
    text = text.translate(APOSTROPHES)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("i\u0307", "i")  # the Turkish capital İ
    visible = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())
