"""The learned bundle: one folder with all that `live-intent learn` made of a shop's behaviour.

Each part is a sub-folder: `encoder`, `item_halves`, `user_model`, `reranker`. Each training starts
from an earlier bundle (or from nothing) and writes a new one, so that rolling back is naming the
old one. Weights are safetensors; nothing in it can run code.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from indexer.bundle.hashed_folder import (
    MANIFEST,
    BundleError,
    BundleType,
    atomic_folder,
    read_manifest,
    sha256_of,
)

LEARNED = BundleType(
    name="learned bundle",
    kind="learned",
    format=1,
    if_absent=": LIVE_INTENT_BUNDLE (or --from) names the folder that live-intent learn ... --out "
    "wrote",
    if_other_kind="(is it the bundle of an index?): name the folder that live-intent learn ... "
    "--out wrote",
    if_other_format=": learn it again with this version, or name an older one",
    if_damaged="Copy the bundle again, or name an older one (LIVE_INTENT_BUNDLE)",
)
ENCODER, ITEM_HALVES, USER_MODEL, RERANKER = "encoder", "item_halves", "user_model", "reranker"
# By part, the parts that were learned on its output: they do not fit another version of it.
DEPENDENTS = {
    ENCODER: (ITEM_HALVES, USER_MODEL, RERANKER),
    ITEM_HALVES: (USER_MODEL, RERANKER),
    USER_MODEL: (RERANKER,),
    RERANKER: (),
}


@dataclass(frozen=True)
class LearnedBundle:
    """A complete bundle on disk. `provenance`: by part, what it was learned from."""

    folder: Path
    created_at: str
    provenance: Mapping[str, Mapping[str, Any]]

    def has(self, part: str) -> bool:
        """Whether the bundle holds this part."""
        return part in self.provenance

    def path(self, part: str) -> Path:
        """The folder of a part. Raises BundleError when the bundle lacks it."""
        if not self.has(part):
            raise BundleError(
                f"the learned bundle {self.folder} has no {part}, only "
                f"{', '.join(self.provenance) or 'nothing'}: learn it with live-intent learn"
            )
        return self.folder / part

    @classmethod
    def open(cls, folder: Path) -> "LearnedBundle":
        """Checks every file against the manifest.

        Raises BundleError when the folder is missing, of another format, or damaged.
        """
        manifest = read_manifest(folder, LEARNED)
        return cls(folder, manifest["created_at"], manifest["parts"])


@dataclass
class Draft:
    """A bundle being written."""

    root: Path
    provenance: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def folder(self, part: str) -> Path:
        """An empty folder for a part; deletes its older version and the parts learned on that."""
        for stale in (part, *DEPENDENTS[part]):
            shutil.rmtree(self.root / stale, ignore_errors=True)
            self.provenance.pop(stale, None)
        folder = self.root / part
        folder.mkdir()
        return folder

    def set_provenance(self, part: str, provenance: Mapping[str, Any]) -> None:
        """Records what a part was learned from: data hashes, seed, settings, versions, metrics."""
        self.provenance[part] = provenance


@contextmanager
def draft_bundle(out: Path, base: LearnedBundle | None = None) -> Iterator[Draft]:
    """A draft that begins with the parts of `base` and becomes `out` if the block succeeds.

    It is written beside `out` and moved there, so that a bundle is complete or absent. Raises
    BundleError when `out` exists: a bundle in use is never overwritten.
    """
    check_free(out)
    with atomic_folder(out) as root:
        draft = Draft(root)
        if base is not None:
            for part, provenance in base.provenance.items():
                shutil.copytree(base.path(part), root / part)
                draft.provenance[part] = provenance
        yield draft
        files = sorted(path for path in root.rglob("*") if path.is_file())
        manifest = {
            "format": LEARNED.format,
            "kind": LEARNED.kind,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "parts": draft.provenance,
            "sha256": {str(path.relative_to(root)): sha256_of(path) for path in files},
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (root / MANIFEST).write_text(text + "\n", "utf-8")
        check_free(out)


def check_free(out: Path) -> None:
    """Raises BundleError when `out` exists: called before a training, not only after it."""
    if out.exists():
        raise BundleError(
            f"{out} is there already, and a bundle is never overwritten: name another folder "
            "(--out), or remove that one first"
        )
