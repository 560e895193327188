"""What the three commands of `live-intent learn` share: options, inputs, provenance."""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from indexer.bundle.hashed_folder import sha256_of
from indexer.bundle.learned_bundle import LearnedBundle, check_free
from indexer.bundle.learned_from import ENTRY, LearnedFrom
from indexer.catalogue.items import Item, items_of_file
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.progress import Progress
from learning.data.behaviour import read_user_ids
from learning.data.datasets import ItemsFile, read_items_file
from learning.data.ubi_log import UbiLog
from plugin_config.settings import load
from query_service.settings import ServiceSettings

PACKAGES = ("opensearch-live-intent", "torch", "numpy", "transformers", "peft", "lightgbm")


@dataclass
class Provenance:
    """What a part of a bundle was learned from and how, for its manifest.

    `files`: what was read; None for an option that was not given.
    """

    seed: int
    settings: Mapping[str, Any]
    files: Sequence[Path | None] = ()
    begun: float = field(default_factory=time.monotonic)

    @cached_property
    def data(self) -> dict[str, str]:
        """The SHA-256 of each file, by its name."""
        return {path.name: sha256_of(path) for path in self.files if path is not None}

    def manifest_entry(self, metrics: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """The part's entry in the manifest; its seconds count from the creation of this object."""
        return {
            "data": self.data,
            "seed": self.seed,
            "settings": json.loads(json.dumps(dict(self.settings), default=str)),
            "versions": _versions(),
            "metrics": dict(metrics),
            "seconds": round(time.monotonic() - self.begun, 1),
            "peak_memory_mb": _peak_memory_mb(),
            **more,
        }


@dataclass(frozen=True, kw_only=True)
class LearningRun:
    """The options that the commands share. `remarks` collects what was left out of the files.

    Users of `users_not_in` are the test: nothing is learned from them.
    """

    out: Path
    base: Path | None = None
    checkpoints: Path | None = None
    rows_file: Path | None = None
    sequences_file: Path | None = None
    judgments_file: Path | None = None
    events_file: Path | None = None
    users_not_in: Path | None = None
    remarks: list[str] = field(default_factory=list)
    people: set[str] = field(default_factory=set)  # ids of all whose behaviour was read

    def write_people(self, folder: Path) -> dict[str, Any]:
        """Write whom a part is learned from into its folder; return the provenance's entry."""
        people = frozenset(self.people) - self.excluded_users
        learned = LearnedFrom(people, load(ServiceSettings).pseudonyms.secrets)
        return {ENTRY: learned.write(folder)}

    def open_base(self) -> LearnedBundle | None:
        """The bundle to start from. Raises BundleError when it can't be read, or `out` exists."""
        check_free(self.out)
        return LearnedBundle.open(self.base) if self.base else None

    @cached_property
    def excluded_users(self) -> frozenset[str]:
        """The users of `users_not_in`. Raises DatasetError."""
        return read_user_ids(self.users_not_in) if self.users_not_in else frozenset()

    def add_log_remarks(self, log: UbiLog) -> None:
        """Adds what was left out of a log, whether it is simulated, and the people in it."""
        self.people.update(log.people)
        self.remarks.extend([*log.notes, *log.remarks.lines()])
        if log.simulated:
            self.remarks.append("the log is a published sample that a generator made: SIMULATED")


@dataclass(frozen=True, kw_only=True)
class CatalogueRun(LearningRun):
    """A run that reads the catalogue's file and asks no index."""

    items_file: Path
    progress: Progress
    columns: Sequence[str] = ()  # FIELD=COLUMN

    def read_catalogue(self) -> tuple[list[Item], ItemsFile]:
        """The items, and their ids with what was rejected.

        Raises CatalogueError, MappingError, DatasetError.
        """
        mapping = ColumnMap.parse(self.columns, None, ())
        return items_of_file(self.items_file, mapping), read_items_file(self.items_file, mapping)


def _peak_memory_mb() -> int:
    """The most memory that this process has held, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024))


def _versions() -> dict[str, str]:
    versions = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
