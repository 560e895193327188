"""The languages that titles and queries can be analysed in, and the engine's filters for each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """The filters of a language.

    `normalise` come after lower case, `stem` after the accents are folded. `accents`: the stemmer
    reads accents, so it also runs before they are folded; a word then has both forms.
    """

    stem: str | None = None
    normalise: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    stop: str | None = None
    accents: bool = False
    tokenizer: str = "standard"
    lower: str = "lowercase"
    after: tuple[str, ...] = ()


def _latin(stem: str, stop: str, *first: str, normalise: tuple[str, ...] = ()) -> Language:
    return Language(stem, normalise, first=first, stop=f"_{stop}_", accents=True)


_AA_OE = ("scandinavian_normalization",)  # aa, ae, oe as å, æ, ø


LANGUAGES = {
    "standard": Language(),
    "cjk": Language(stop="_english_", after=("cjk_bigram",)),
    "english": Language("english", first=("possessive",), stop="_english_"),
    "german": Language("light_german", ("german_normalization",), stop="_german_"),
    "french": _latin("light_french", "french", "elision_french"),
    "italian": _latin("light_italian", "italian", "elision_italian"),
    "spanish": _latin("light_spanish", "spanish"),
    "portuguese": _latin("light_portuguese", "portuguese"),
    "brazilian": _latin("brazilian", "brazilian"),
    "catalan": _latin("catalan", "catalan", "elision_catalan"),
    "galician": _latin("galician", "galician"),
    "basque": _latin("basque", "basque"),
    "dutch": _latin("dutch", "dutch"),
    "danish": _latin("danish", "danish", normalise=_AA_OE),
    "norwegian": _latin("norwegian", "norwegian", normalise=_AA_OE),
    "swedish": _latin("swedish", "swedish"),
    "finnish": _latin("finnish", "finnish"),
    "estonian": _latin("estonian", "estonian"),
    "latvian": _latin("latvian", "latvian"),
    "lithuanian": _latin("lithuanian", "lithuanian"),
    "hungarian": _latin("hungarian", "hungarian"),
    "czech": _latin("czech", "czech"),
    "romanian": _latin("romanian", "romanian"),
    "irish": _latin("irish", "irish"),
    "indonesian": _latin("indonesian", "indonesian"),
    "turkish": Language("turkish", first=("apostrophe",), stop="_turkish_", accents=True,
                        lower="lowercase_turkish"),
    "russian": Language("russian", stop="_russian_"),
    "bulgarian": Language("bulgarian", stop="_bulgarian_"),
    "greek": Language("greek", stop="_greek_", lower="lowercase_greek"),
    "armenian": Language("armenian", stop="_armenian_"),
    "arabic": Language("arabic", stop="_arabic_"),
    "persian": Language(stop="_persian_"),
    "sorani": Language("sorani", ("sorani_normalization",), stop="_sorani_"),
    "hindi": Language("hindi", stop="_hindi_"),
    "bengali": Language("bengali", ("bengali_normalization",), stop="_bengali_"),
    "thai": Language(stop="_thai_", tokenizer="thai"),
}  # fmt: skip
ARTICLES = {
    "french": ["l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu"],
    "italian": ["c", "l", "all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl",
                "dagl", "degl", "negl", "sugl", "un", "m", "t", "s", "v", "d"],
    "catalan": ["d", "l", "m", "n", "s", "t"],
}  # fmt: skip
