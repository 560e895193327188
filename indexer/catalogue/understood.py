"""Lists of what is understood in docs/, made from the code; here those in docs/catalogues.md."""

from collections.abc import Iterable
from pathlib import Path

from indexer.catalogue.formats.shop_format import ShopFormat
from indexer.catalogue.formats.shop_formats import SHOPS
from indexer.catalogue.values.availability_words import WORDS
from indexer.catalogue.values.currencies import AMBIGUOUS, SIGNS, THREE_DECIMALS, USUALLY
from indexer.catalogue.values.numbers import DECIMAL_RULE
from indexer.catalogue.values.prices import AROUND, FREE, LOWEST, ON_REQUEST, TAX
from indexer.catalogue.values.text import NO_VALUE
from indexer.catalogue.values.times import FORMS, ORDER_RULE

BEGIN = "<!-- written by scripts/understood; do not edit by hand -->"
END = "<!-- end of what scripts/understood writes -->"


def markdown() -> str:
    """The formats, and the lists of what is understood in numbers, prices and so on."""
    by_code: dict[str, list[str]] = {}
    for sign, code in (*SIGNS.items(), *USUALLY.items()):
        by_code.setdefault(code, []).append(sign)
    currencies = [f"{code} {_listed(signs)}" for code, signs in sorted(by_code.items())]
    sections = (
        _formats(),
        f"**No value**, in numbers, flags and times: {_listed(NO_VALUE)}.",
        f"**Points and commas.** {DECIMAL_RULE}",
        "**Currencies.** Codes of ISO 4217 in either case, and " + "; ".join(currencies) + ". "
        f"{_listed(AMBIGUOUS)} leave the currency open. Three decimals have "
        f"{', '.join(sorted(THREE_DECIMALS))}.",
        "**Around a price**: a unit (`/kg`, `pro Stück`), footnote signs (`*`), what stands in "
        f"brackets, `,-`, {_listed((*AROUND, *TAX))}. The lowest price of a range, a list, or "
        f"after {_listed(LOWEST)}. 0 is {_listed(FREE)}. No price is {_listed(ON_REQUEST)}.",
        f"**Times**: {_listed(FORMS)}. {ORDER_RULE}",
        "**Available or not**: a number of pieces (available above 0), and these words, whatever "
        "their case, accents and separators (`InStock`, `in_stock`, `https://schema.org/InStock`):",
    )
    rows = [f"| {name} | {yes} | {no} |" for name, (yes, no) in WORDS.items()]
    table = ["| | available | not available |", "| --- | --- | --- |", *rows]
    return "\n\n".join((*sections, "\n".join(table))) + "\n"


def _formats() -> str:
    """The formats of shop systems: how each is recognised, and the columns of its fields."""
    fields = list(dict.fromkeys(name for shop in SHOPS.values() for name in shop.columns))
    head = ["| |", *(f" {shop.name} |" for shop in SHOPS.values())]
    signs = ["| recognised by |", *(f" {_signs(shop)} |" for shop in SHOPS.values())]
    lines = ["".join(head), "| --- " * (len(SHOPS) + 1) + "|", "".join(signs)]
    for name in fields:
        columns = (_listed(shop.columns.get(name, ())) for shop in SHOPS.values())
        lines.append("".join((f"| {name} |", *(f" {each} |" for each in columns))))
    remarks = [f"`{shop.name}`, {shop.title}. {shop.remark}" for shop in SHOPS.values()]
    return "\n\n".join(
        (
            "**Formats of shops.** `--format` names one. Of several columns the first that is not "
            "blank counts; those of `identifiers`, a description and several category paths all "
            "count. Case, spaces and underscores in the names of columns make no difference.",
            "\n".join(lines),
            *remarks,
        )
    )


def _signs(shop: ShopFormat) -> str:
    return "; ".join(" or ".join(f"`{name}`" for name in names) for names in shop.signs)


def with_lists(page: str, lists: str) -> str:
    """The text of a page of the documentation with its lists as the code has them."""
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    return f"{head}{BEGIN}\n\n{lists}\n{END}{tail}"


def write(path: Path, lists: str) -> None:
    """Writes the lists into the page."""
    path.write_text(with_lists(path.read_text("utf-8"), lists), "utf-8")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
