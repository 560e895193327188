"""The columns of a catalogue that give a field."""

from indexer.catalogue.reading.catalogue_file import Catalogue
from indexer.catalogue.reading.column_map import IDENTIFIER_COLUMNS, is_translated


def columns_of(catalogue: Catalogue, name: str) -> tuple[str, ...]:
    """The columns that give a field."""
    mapping, shop = catalogue.mapping, catalogue.recognised.shop
    columns = catalogue.recognised.columns
    name = "category" if name == "other_categories" else name
    if name == "translations":
        mapped = [c for field, of in mapping.columns.items() if is_translated(field) for c in of]
        unmapped = [c for c in columns if c == name or is_translated(c)]
        return (*mapping.columns.get(name, ()), *mapped, *unmapped)
    if name in mapping.columns:
        return mapping.columns[name]
    if name == "currency" and name not in columns and name not in mapping.constants:
        return columns_of(catalogue, "price")
    if shop is not None:
        return shop.fields(columns).get(name, ()) if columns else shop.columns.get(name, ())
    if name == "identifiers" and name not in columns:
        return tuple(each for each in columns if each.lower() in IDENTIFIER_COLUMNS)
    return (name,) if name in columns else ()
