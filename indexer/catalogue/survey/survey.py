"""The first pass over a catalogue: checks every row, and draws a random sample of its items."""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from indexer.catalogue.attributes.attributes import AttributeSurvey
from indexer.catalogue.attributes.facets import FacetChoice, FacetSurvey
from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import Catalogue, CatalogueSource
from indexer.catalogue.reading.reading import Reading
from indexer.catalogue.rejects import Reject, RejectLimit, RejectsFile
from indexer.catalogue.survey.statistics import Statistics
from indexer.catalogue.words.languages import LanguageSurvey
from indexer.progress import Progress
from indexer.settings import IndexSettings

SEED = 20
Watch = Callable[[Iterator[Item | Reject], Notes], Iterator[Item | Reject]]


@dataclass(frozen=True)
class Survey:
    """`sample`: (index among the good rows, item), ascending; every item when they are few."""

    rows: int
    items: int
    rejects: int
    rejects_file: Path | None
    sample: tuple[tuple[int, Item], ...]
    statistics: Statistics
    notes: Notes
    attributes: AttributeSurvey
    public: PublicAttributes
    reading: Reading
    facets: tuple[str, ...] = ()  # attributes
    languages: LanguageSurvey = field(default_factory=LanguageSurvey)
    digest: str = ""  # a hash of all items, in their order


def survey(
    catalogue: Catalogue,
    *,
    rejects_file: Path | None,
    limit: RejectLimit,
    sample_items: int,
    progress: Progress,
    watch: Watch = lambda rows, _: rows,
    facets: FacetChoice | None = None,
    whole: bool = True,
) -> Survey:
    """Reads every row once, writes the rejects and draws the sample (Vitter's algorithm R).

    `watch` sees every row on its way, and the notes on all. `whole`: the file is a catalogue, some
    item of which has each mapped column; else it may be any few items.

    Raises:
        TooManyRejects: more bad rows than `limit` allows.
        CatalogueError: no good row at all, or the file can't be read to its end.
        MappingError: the mapping names columns that aren't there.
    """
    rng = random.Random(SEED)
    sample: list[tuple[int, Item]] = []
    notes, attributes, values = Notes(), AttributeSurvey(), FacetSurvey()
    languages = LanguageSurvey()
    items, max_popularity, digest = 0, 0.0, hashlib.sha256()
    progress.start("read and check")
    with RejectsFile(rejects_file) as rejects:
        rows_read = watch(read_items(catalogue, notes), notes)
        for each in rejects.accepted(rows_read, limit, progress):
            digest.update(repr(each).encode())
            attributes.add(each.attributes)
            values.add(each.attributes)
            languages.add(each)
            max_popularity = max(max_popularity, each.popularity)
            if items < sample_items:
                sample.append((items, each))
            else:
                row = rng.randrange(items + 1)
                if row < sample_items:
                    sample[row] = (items, each)
            items += 1
        progress.close()
        catalogue.check_rows(notes.columns, whole=whole)
        rows = items + rejects.count + notes.overruled + notes.left_out.total()
        rejects.check(limit, rows)
        if not items:
            first = f". Line {rejects.first[0].line}: {rejects.first[0].reason}" if rows else ""
            raise CatalogueError(f"{catalogue.name} has no item to index (of {rows} rows){first}")
    return Survey(
        rows=rows,
        items=items,
        rejects=rejects.count,
        rejects_file=rejects_file if rejects.count else None,
        sample=tuple(sorted(sample, key=lambda pair: pair[0])),
        statistics=Statistics(items=items, max_popularity=max_popularity),
        notes=notes,
        attributes=attributes,
        public=catalogue.mapping.public,
        reading=Reading.of(catalogue, notes),
        facets=values.facets(attributes.fields, facets or FacetChoice()),
        languages=languages,
        digest=digest.hexdigest(),
    )


def survey_source(source: CatalogueSource, settings: IndexSettings, progress: Progress) -> Survey:
    """The survey of a dry run, with a sample of one item. Raises as `survey` does."""
    with source.open() as catalogue:
        return survey(
            catalogue,
            rejects_file=source.rejects_file,
            limit=RejectLimit.parse(settings.max_rejects),
            sample_items=1,
            progress=progress,
            facets=FacetChoice.parse(settings.facets),
        )


def check_unchanged(catalogue: Catalogue, surveyed: int, read: int, advice: str) -> None:
    """Raises CatalogueError when a second pass read other rows than the survey, or may have."""
    if read != surveyed:
        counts = f"{surveyed} good rows at first, then {read}"
    elif catalogue.is_changed():
        counts = f"{read} good rows, and somebody wrote to it"
    else:
        return
    raise CatalogueError(f"{catalogue.name} changed while it was read: {counts}. {advice}")
