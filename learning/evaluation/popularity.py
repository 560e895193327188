"""How often users acted on each item, and a catalogue that says so."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from indexer.bundle.hashed_folder import sha256_of
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import items_of_file
from learning.data.behaviour import Sequences, read_sequences
from learning.data.datasets import ItemsFile
from learning.data.users import Users
from learning.evaluation.workbench import Setup, Workbench


def counted(sequences: Sequences, users: Iterable[str] | None = None) -> Counter[str]:
    """In how many histories of `users` (None: of all) each item is, their last items left out.

    The last item is what is to be predicted: a count that has seen it would give it away.
    """
    chosen = sequences.item_ids if users is None else users
    return Counter(item for user in chosen for item in sequences.item_ids[user][:-1])


@dataclass(frozen=True)
class Popularity:
    """The popularity that an evaluation's index has: `counts`, or None for the catalogue's own."""

    counts: Mapping[str, int] | None
    told: str
    remarks: Sequence[str] = ()

    @classmethod
    def read(
        cls, path: Path | None, item_ids: Collection[str], users: Users, asked: frozenset[str]
    ) -> "Popularity":
        """Counted in the sequences of `path`, of users that are neither asked nor kept apart.

        Raises DatasetError when no such user is left.
        """
        if path is None:
            return cls(None, "as in the catalogue")
        sequences = read_sequences(path, item_ids)
        teaching = users.teaching(sequences.item_ids, asked)
        told = f"counted from {len(teaching)} users of {path.name}, none of them asked"
        remarks = [f"{path.name}: {line}" for line in sequences.remarks.lines()]
        return cls(counted(sequences, teaching), told, remarks)

    @contextmanager
    def workbench(self, setup: Setup, items: ItemsFile, mapping: ColumnMap) -> Iterator[Workbench]:
        """A workbench on the catalogue with this popularity."""
        with TemporaryDirectory(prefix="live-intent-") as folder:
            made = catalogue_for_evaluation(items, mapping, Path(folder), self.counts)
            with setup.workbench(made, ColumnMap()) as bench:
                yield bench


def catalogue_for_evaluation(
    items: ItemsFile, mapping: ColumnMap, folder: Path, counts: Mapping[str, int] | None
) -> ItemsFile:
    """The catalogue in the order of a hash, in `folder`, with `counts` as its popularity.

    Ids and their order often follow the age or the popularity of items: among items that score
    alike the engine takes the first indexed, and no measure may gain by that. `counts` None: the
    popularity stays as the file has it. Columns carry the fields' own names.
    """
    in_order = items_of_file(items.path, mapping)
    in_order.sort(key=lambda item: hashlib.sha256(item.item_id.encode()).digest())
    path = folder / "items.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for item in in_order:
            row = {name: value for name, value in asdict(item).items() if value is not None}
            if counts is not None:
                row["popularity"] = counts.get(item.item_id, 0)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return ItemsFile(path, items.ids, items.rejects, sha256_of(path))
