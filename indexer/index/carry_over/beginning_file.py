"""The beginning of a rebuild, kept on this machine until the rebuild ends.

A try that is killed while it reads the catalogue leaves no index that could say when it began.
"""

import json
import os
import stat
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from indexer.index.carry_over.beginning import Beginning
from indexer.index.context import IndexContext
from indexer.index.generations import live_generation
from indexer.index.owner import Owner
from plugin_config.errors import LiveIntentError
from plugin_config.state_dir import make_state_dir, state_file, write_whole


@dataclass(frozen=True)
class CatalogueState:
    """What tells a catalogue file from later ones of its name; `as_of`: what the command said."""

    path: str
    size: int
    modified_ns: int
    as_of: str = ""

    @classmethod
    def of(cls, catalogue: str, as_of: datetime | None = None) -> "CatalogueState | None":
        """None for a pipe, standard input (`-`), and what is not there."""
        try:
            status = os.stat(catalogue)
        except (OSError, ValueError):
            return None
        if catalogue == "-" or not stat.S_ISREG(status.st_mode):
            return None
        path, said = os.path.abspath(catalogue), as_of.isoformat() if as_of else ""
        return cls(path, status.st_size, status.st_mtime_ns, said)


@dataclass(frozen=True)
class _Kept:
    """What the file of an earlier try has; `owner`: the process of that try."""

    catalogue: CatalogueState
    beginning: Beginning
    owner: Owner


class BeginningFile:
    """The file of one catalogue and alias. A rebuild goes on without it where it can't be written.

    A rebuild of the same, unchanged catalogue goes on from the beginning that an earlier try left:
    such a catalogue can't know of what was written live since then.
    """

    def __init__(
        self, context: IndexContext, state_dir: Path, catalogue: CatalogueState | None
    ) -> None:
        self._context, self._catalogue, self._ours = context, catalogue, False
        self._state_dir = state_dir
        if catalogue is not None:
            cluster = context.client.info()["cluster_uuid"]
            target = f"{cluster} {context.names.items}"
            self.path = state_file(state_dir, "rebuilds", catalogue.path, target)

    def begin(self, now: Beginning) -> Beginning:
        """`now`, or the beginning that an earlier try left; it is on disk when this returns.

        That of a process that is alive is left alone: it is no earlier try.
        """
        if self._catalogue is None:
            return now
        kept = self._load()
        if kept is not None and kept.owner.is_another():
            return now
        since = self._left(kept) or now
        self._save(since)
        if since is now:
            return now
        self._context.progress.note(
            f"an earlier try of this rebuild began at {since.time:%Y-%m-%d %H:%M:%S} UTC, and did "
            f"not end: what was written live since then wins over {self._catalogue.path}. For the "
            "catalogue to win, name a later time: --as-of TIME"
        )
        live = live_generation(self._context.client, self._context.names)
        if live is not None and since.is_same(live.meta.get("beginning", {})):
            # That try had swapped its index in: all that is there wins, whatever its version.
            since = replace(since, live=live.index, items={})
        # The index that is made now must not look as if its rebuild had begun long ago.
        return replace(since, began=now.began)

    def forget(self) -> None:
        """The rebuild ended: the next one begins when it begins."""
        if self._ours:
            self.path.unlink(missing_ok=True)

    def _left(self, kept: "_Kept | None") -> Beginning | None:
        """The beginning that a file has, if it is of this catalogue as it is now.

        One that is older than the index of deletions remembers is none.
        """
        if kept is None or kept.catalogue != self._catalogue:
            return None
        age_s = time.time() - kept.beginning.began / 1000
        forgotten = age_s > self._context.settings.deleted_items_days * 86_400
        return None if forgotten else kept.beginning

    def _load(self) -> "_Kept | None":
        """What the file has; None where it is missing or damaged."""
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            return _Kept(
                CatalogueState(**kept["catalogue"]),
                Beginning.of_meta(kept["beginning"]),
                Owner.of_meta(kept["owner"]),
            )
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            self._context.progress.note(f"{self.path} can't be read, and is left out: {error}")
            return None

    def _save(self, beginning: Beginning) -> None:
        assert self._catalogue is not None
        content = {
            "catalogue": asdict(self._catalogue),
            "beginning": beginning.to_meta(),
            "owner": Owner.this_process().to_meta(),
        }
        try:
            make_state_dir(self._state_dir)
            self.path.parent.mkdir(exist_ok=True)
            write_whole(self.path, json.dumps(content))
        except (OSError, LiveIntentError) as error:
            self._context.progress.note(
                f"this rebuild's beginning can't be kept in {self.path.parent} ({error}): if it is "
                "killed while it reads the catalogue, the next try does not know when it began"
            )
        else:
            self._ours = True
