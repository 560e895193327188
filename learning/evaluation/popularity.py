"""How many users acted on each item, and a catalogue with these counts as its popularity."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.bundle.hashed_folder import sha256_of
from indexer.catalogue.items import items_of_file
from indexer.catalogue.reading.column_map import ColumnMap
from learning.data.behaviour import Sequences, read_sequences
from learning.data.datasets import ItemsFile
from learning.data.users import Users
from learning.evaluation.workbench import Setup, Workbench
from plugin_config.temporary_folder import temporary_folder


def counted(sequences: Sequences, users: Iterable[str] | None = None) -> Counter[str]:
    """In how many histories of `users` (None: of all) each item is, their last items left out.

    The last item is the target: a count that includes it would leak it.
    """
    chosen = sequences.item_ids if users is None else users
    return Counter(item for user in chosen for item in sequences.item_ids[user][:-1])


@dataclass(frozen=True)
class Popularity:
    """The popularity in an evaluation's index: `counts`, or None for the catalogue's own."""

    counts: Mapping[str, int] | None
    source: str
    remarks: Sequence[str] = ()

    @classmethod
    def read(
        cls, path: Path | None, item_ids: Collection[str], users: Users, evaluated: frozenset[str]
    ) -> "Popularity":
        """Counts the sequences of `path`, of users that are neither evaluated nor kept apart.

        Raises DatasetError when no such user is left.
        """
        if path is None:
            return cls(None, "as in the catalogue")
        sequences = read_sequences(path, item_ids)
        training = users.for_statistics(sequences.item_ids, evaluated)
        source = f"counted from {len(training)} users of {path.name}, none of them asked"
        remarks = [f"{path.name}: {line}" for line in sequences.remarks.lines()]
        return cls(counted(sequences, training), source, remarks)

    @contextmanager
    def workbench(self, setup: Setup, items: ItemsFile, mapping: ColumnMap) -> Iterator[Workbench]:
        """Opens a workbench on the catalogue with this popularity."""
        with temporary_folder("evaluation") as folder:
            rewritten = self._catalogue(items, mapping, folder / "items.jsonl")
            with setup.workbench(rewritten, ColumnMap()) as bench:
                yield bench

    def _catalogue(self, items: ItemsFile, mapping: ColumnMap, path: Path) -> ItemsFile:
        """Writes the catalogue with this popularity to `path`, in the order of a hash.

        Ids and their order often follow the age or the popularity of items. Among items of equal
        score the engine takes the first indexed, and no metric may gain by that. Columns carry the
        fields' own names.
        """
        shuffled = items_of_file(items.path, mapping)
        shuffled.sort(key=lambda item: hashlib.sha256(item.item_id.encode()).digest())
        with path.open("w", encoding="utf-8") as file:
            for item in shuffled:
                row = {name: value for name, value in asdict(item).items() if value is not None}
                if self.counts is not None:
                    row["popularity"] = self.counts.get(item.item_id, 0)
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return ItemsFile(path, items.ids, items.rejects, sha256_of(path))
