"""The options that say how a catalogue or a feed is read, and what they choose."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.catalogue.formats.names import FORMAT_NAMES
from plugin_config.option_groups import option_group

if TYPE_CHECKING:
    from indexer.catalogue.reading.catalogue_file import CatalogueSource
    from indexer.catalogue.reading.column_map import ColumnMap


@dataclass(frozen=True, kw_only=True)
class MappingOptions:
    """Which column gives which field, and how values are read; None: as the mapping file says."""

    columns: tuple[str, ...]
    mapping_file: Path | None
    ignore: tuple[str, ...]
    public: tuple[str, ...]
    category_separator: str | None
    paths_separator: str | None
    decimal_sign: str | None
    date_order: str | None
    strict: bool | None

    def column_map(self, public_attributes: str) -> "ColumnMap":
        """The column mapping that the options name.

        `public_attributes`: the setting, where the options and the mapping file say nothing. Raises
        MappingError.
        """
        from indexer.catalogue.attributes.public_attributes import PublicAttributes
        from indexer.catalogue.reading.column_map import ColumnMap
        from indexer.catalogue.reading_rules import RULES

        mapping = ColumnMap.parse(
            self.columns,
            self.mapping_file,
            self.ignore,
            **{name: getattr(self, name, None) for name in (*RULES, "encoding")},
            public=PublicAttributes.of(self.public) if self.public else None,
        )
        if mapping.public.names is None:
            mapping = replace(mapping, public=PublicAttributes.parse(public_attributes))
        return mapping


@dataclass(frozen=True, kw_only=True)
class CatalogueOptions(MappingOptions):
    """A catalogue's file, or `-` for standard input, and how it is read.

    `max_rejects`: as of `IndexSettings`; None: the setting.
    """

    catalogue: str
    duplicates: str | None
    file_format: str
    encoding: str | None
    rejects_file: Path | None
    max_rejects: str | None

    @property
    def name(self) -> str:
        """The name that files about this catalogue begin with."""
        return "stdin" if self.catalogue == "-" else Path(self.catalogue).name

    def source(self, public_attributes: str) -> "CatalogueSource":
        """The catalogue; `public_attributes` as of `column_map`.

        Raises MappingError, SettingsError.
        """
        from indexer.catalogue.reading.catalogue_file import CatalogueSource
        from plugin_config.errors import SettingsError

        mapping = self.column_map(public_attributes)
        source = Path("stdin" if self.catalogue == "-" else self.catalogue)
        rejects = self.rejects_file or Path(f"{self.name}.rejects.jsonl")
        if os.path.exists(rejects) and os.path.exists(source) and rejects.samefile(source):
            raise SettingsError(f"--rejects {rejects} is the catalogue itself: name another file")
        return CatalogueSource(self.catalogue, mapping, self.file_format, rejects)


_mapping = (
    click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Which column gives a field: title=name, attributes.colour=color. Repeatable; "
        "several columns of one field are joined, of category they are the path.",
    ),
    click.option(
        "--mapping",
        "mapping_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A TOML file with tables [fields] and [constants], and ignore, category_separator, "
        "format, delimiter, escape.",
    ),
    click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out."),
    click.option(
        "--public",
        multiple=True,
        metavar="NAME",
        help="A public attribute, in hits and filters; '*' stands for any characters. Repeatable "
        "[LIVE_INTENT_PUBLIC_ATTRIBUTES].",
    ),
    click.option("--category-separator", help="Between the parts of a category path [' > ']."),
    click.option("--paths-separator", help="Between several category paths in one text [none]."),
    click.option(
        "--decimal-sign",
        type=click.Choice([".", ","]),
        help="Decides 1.299 and 1,299 [by the prices, and the rule in docs/catalogues.md].",
    ),
    click.option(
        "--date-order",
        type=click.Choice(["dmy", "mdy"]),
        help="Decides 05/01/2024 [such dates are left out].",
    ),
    click.option(
        "--strict",
        is_flag=True,
        default=None,
        help="A value that can't be read makes its row bad, instead of an item without it.",
    ),
)
mapping_options = option_group("mapping", MappingOptions, *_mapping)
catalogue_options = option_group(
    "catalogue",
    CatalogueOptions,
    click.argument("catalogue", metavar="CATALOGUE"),
    *_mapping,
    click.option(
        "--duplicates",
        type=click.Choice(["reject", "last"]),
        help="Of rows with one item_id: the first counts and the others are bad rows (reject), or "
        "the last counts [reject].",
    ),
    click.option(
        "--format",
        "file_format",
        type=click.Choice(FORMAT_NAMES),
        default="auto",
        show_default=True,
        help="What the catalogue is, instead of what is recognised; gzip always is.",
    ),
    click.option(
        "--encoding",
        help="Such as windows-1251 [UTF-8, UTF-16, UTF-32 and windows-1252 are recognised].",
    ),
    click.option(
        "--rejects",
        "rejects_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where bad rows go, as JSON lines [<catalogue>.rejects.jsonl in this folder].",
    ),
    click.option(
        "--max-rejects",
        metavar="N|N%",
        help="Stop, with nothing written, at more bad rows than that [LIVE_INTENT_MAX_REJECTS].",
    ),
)
