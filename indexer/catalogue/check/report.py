"""The report on a catalogue file: what it is, what its items have, what is wrong with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from indexer.catalogue.attributes.facets import ALWAYS, ATTRIBUTES, FacetChoice
from indexer.catalogue.check.field_columns import columns_of
from indexer.catalogue.check.findings import MOST_VALUES, Findings, Reasons, Values
from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item
from indexer.catalogue.notes import UnreadValues
from indexer.catalogue.reading.catalogue_file import Catalogue, CatalogueSource
from indexer.catalogue.reading.reading import Reading
from indexer.catalogue.rejects import RejectLimit
from indexer.catalogue.survey.attribute_report import AttributeReport
from indexer.catalogue.survey.survey import Survey, survey
from indexer.catalogue.words.languages import LanguageChoice, language_lines
from indexer.progress import Progress
from indexer.settings import IndexSettings
from plugin_config.analysis.index_languages import IndexLanguages

_SHOWN = 12  # reasons, doubled ids and attributes in the lines


@dataclass(frozen=True)
class FieldReport:
    """`columns` give the field; `items` have a value; `values`: different ones, at most 1,000."""

    columns: tuple[str, ...]
    items: int
    values: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class AttributeValues:
    """`type` is None for an attribute that filters can't use."""

    type: str | None
    items: int
    values: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Groups:
    """The groups of variants: how many, the items in them, and the largest one."""

    count: int
    items: int
    largest: str
    largest_items: int


@dataclass(frozen=True)
class CatalogueCheck:
    """`problem`: why there is nothing to index; "" where there is. `doubled`: rows by item_id.

    `facets`: the number of values of each facet that a rebuild would make. `languages`: items with
    texts in each; `index_languages`: the analyzers of those that a rebuild would make.
    """

    name: str
    problem: str
    reading: Reading
    rows: int
    items: int
    rejects: int
    rejects_file: Path | None
    reasons: Mapping[str, Reasons]
    doubled: Mapping[str, int]
    overruled: int
    fields: Mapping[str, FieldReport]
    attributes: Mapping[str, AttributeValues]
    public: AttributeReport | None
    facets: Mapping[str, int]
    languages: Mapping[str, int]
    index_languages: Mapping[str, str]
    unread: Mapping[str, UnreadValues]
    groups: Groups
    sample: Item | None
    embedded: str

    def lines(self) -> list[str]:
        """The report to read, best first: what it is, what is wrong, what there is."""
        lines = [f"{self.name}: {self.items} items in {self.rows} rows", *self.reading.lines()]
        if self.problem:
            lines.append(f"nothing to index: {self.problem}")
        lines += self._bad_rows()
        if self.fields:
            lines += ["fields:", *self._fields()]
        if self.attributes:
            lines += ["attributes:", *self._attributes()]
        if self.public is not None:
            lines += self.public.lines()
        if self.facets:
            named = [f"{name} ({_counted(count)})" for name, count in self.facets.items()]
            lines.append("facets of a rebuild: " + ", ".join(named))
        if self.languages:
            counted = [f"{code} ({count} items)" for code, count in self.languages.items()]
            lines.append("languages of texts: " + ", ".join(counted[:_SHOWN]))
            lines += language_lines(IndexLanguages(self.index_languages), self.languages)
        if self.groups.count:
            lines.append(
                f"{self.groups.count} groups of {self.groups.items} items; the largest, "
                f"{self.groups.largest}, has {self.groups.largest_items}"
            )
        if self.sample is not None:
            shown = orjson.dumps(asdict(self.sample), option=orjson.OPT_INDENT_2).decode()
            lines += [f"the fullest item is embedded as: {self.embedded}", shown]
        return lines

    def _bad_rows(self) -> list[str]:
        lines = []
        if self.rejects:
            where = f", all in {self.rejects_file}" if self.rejects_file else ""
            lines.append(f"{self.rejects} bad rows{where} (--rejects FILE writes them):")
        by_count = sorted(self.reasons.values(), key=lambda each: -each.count)
        lines += [
            f"  {each.count} like line {', '.join(map(str, each.lines))}: {each.example}"
            for each in by_count[:_SHOWN]
        ]
        if self.doubled:
            named = [f"{name} ({count + 1} rows)" for name, count in self.doubled.items()]
            lines.append(f"{len(named)} doubled ids: " + ", ".join(named[:_SHOWN]))
        if self.overruled:
            lines.append(f"{self.overruled} rows were replaced by a later one of their item_id")
        lines += [
            f"{each.count} values of {name} could not be read: " + "; ".join(each.examples)
            for name, each in sorted(self.unread.items())
        ]
        return lines

    def _fields(self) -> list[str]:
        width = max(map(len, self.fields))
        return [
            f"  {name.ljust(width)}  {each.items} items, {_counted(each.values)}, from "
            f"{', '.join(each.columns) or 'a constant'}: {' | '.join(each.examples)}"
            for name, each in self.fields.items()
        ]

    def _attributes(self) -> list[str]:
        return [
            f"  {name} ({each.type or 'only shown'})  {each.items} items, "
            f"{_counted(each.values)}: {' | '.join(each.examples)}"
            for name, each in self.attributes.items()
        ]


def check_source(
    source: CatalogueSource, settings: IndexSettings, progress: Progress
) -> CatalogueCheck:
    """Reads a whole catalogue and reports on it, however many rows are bad.

    Raises CatalogueError and MappingError where no row can be read at all.
    """
    findings, surveyed, problem = Findings(), None, ""
    facets, languages = FacetChoice.parse(settings.facets), LanguageChoice.parse(settings.languages)
    with source.open() as catalogue:
        try:
            surveyed = survey(
                catalogue,
                rejects_file=source.rejects_file,
                limit=RejectLimit(percent=100),
                sample_items=1,
                progress=progress,
                facets=facets,
                watch=findings.watch,
            )
        except CatalogueError as error:
            if not findings.rejects and not findings.notes.left_out:
                raise
            problem = str(error)
        report = _report(catalogue, source, findings, surveyed, problem)
    if surveyed is None:
        return report
    return replace(
        report,
        languages=surveyed.languages.items,
        index_languages=languages.languages(surveyed.languages, settings.analyzer).analyzers,
    )


def _report(
    catalogue: Catalogue,
    source: CatalogueSource,
    findings: Findings,
    surveyed: Survey | None,
    problem: str,
) -> CatalogueCheck:
    notes = findings.notes
    types = surveyed.attributes.fields.types if surveyed else {}
    largest = findings.groups.most_common(1) or [("", 0)]
    counts = Counter(dict(findings.doubled.most_common(1000)))
    return CatalogueCheck(
        name=catalogue.name,
        problem=problem,
        reading=Reading.of(catalogue, notes),
        rows=findings.items + findings.rejects + notes.overruled + notes.left_out.total(),
        items=findings.items,
        rejects=findings.rejects,
        rejects_file=source.rejects_file if findings.rejects else None,
        reasons=findings.reasons,
        doubled=dict(counts),
        overruled=notes.overruled,
        fields={
            name: FieldReport(
                columns_of(catalogue, name), each.items, len(each.different), tuple(each.examples)
            )
            for name, each in findings.fields.items()
            if name != "available"
            or columns_of(catalogue, name)  # it is true where nothing says it
        },
        attributes={
            name: _attribute(each, types.get(name))
            for name, each in sorted(findings.attributes.items())
        },
        public=AttributeReport.of(surveyed) if surveyed else None,
        facets=_facets(findings, surveyed.facets if surveyed else ()),
        languages={},
        index_languages={},
        unread=dict(notes.unread),
        groups=Groups(len(findings.groups), findings.groups.total(), *largest[0]),
        sample=findings.sample,
        embedded=findings.sample.text if findings.sample else "",
    )


def _facets(findings: Findings, attributes: Sequence[str]) -> dict[str, int]:
    """The number of values by facet: fields that items have, and attributes."""
    facets = {
        name: len(findings.fields[name].different) for name in ALWAYS if name in findings.fields
    }
    return facets | {
        ATTRIBUTES + name: len(findings.attributes[name].different) for name in attributes
    }


def _attribute(values: Values, kind: str | None) -> AttributeValues:
    return AttributeValues(kind, values.items, len(values.different), tuple(values.examples))


def _counted(values: int) -> str:
    return f"{values} or more values" if values >= MOST_VALUES else f"{values} values"
