"""The learned bundle: one folder with all that `live-intent learn` made of a shop's behaviour.

A part is a folder in it: `encoder`, `item_halves`, `user_model`, `reranker`. Each training starts
from the bundle before it (or from nothing) and writes a new one, so that going back is naming the
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
    check_files,
    read_manifest,
    sha256_of,
    written_beside,
)

FORMAT = 1
KIND = "learned"
ENCODER, ITEM_HALVES, USER_MODEL = "encoder", "item_halves", "user_model"
RERANKER = "reranker"
PARTS = (ENCODER, ITEM_HALVES, USER_MODEL, RERANKER)
# What was learned on the output of a part does not fit another one of it.
DEPENDENTS = {
    ENCODER: (ITEM_HALVES, USER_MODEL, RERANKER),
    ITEM_HALVES: (USER_MODEL, RERANKER),
    USER_MODEL: (RERANKER,),
}


@dataclass(frozen=True)
class LearnedBundle:
    """A bundle that was read and found whole. `provenance`: by part, what it was learned from."""

    folder: Path
    created_at: str
    provenance: Mapping[str, Mapping[str, Any]]

    def has(self, part: str) -> bool:
        """Whether the bundle holds this part."""
        return part in self.provenance

    def path(self, part: str) -> Path:
        """The folder of a part. Raises BundleError when the bundle has none."""
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
        manifest = _manifest(folder)
        check_files(
            folder,
            manifest["sha256"],
            "the learned bundle",
            "Copy the bundle again, or name an older one (LIVE_INTENT_BUNDLE)",
        )
        return cls(folder, manifest["created_at"], manifest["parts"])


@dataclass
class Draft:
    """A bundle being written."""

    root: Path
    provenance: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def folder(self, part: str) -> Path:
        """An empty folder for the files of a part; what stood on an older one of it goes."""
        assert part in PARTS
        for stale in (part, *DEPENDENTS.get(part, ())):
            shutil.rmtree(self.root / stale, ignore_errors=True)
            self.provenance.pop(stale, None)
        made = self.root / part
        made.mkdir()
        return made

    def tell(self, part: str, provenance: Mapping[str, Any]) -> None:
        """What the part was learned from: data hashes, seed, settings, versions, metrics."""
        self.provenance[part] = provenance


@contextmanager
def writing(out: Path, base: LearnedBundle | None = None) -> Iterator[Draft]:
    """A draft that begins with the parts of `base` and becomes `out` when all went well.

    It is written beside `out` and moved there, so that a bundle is whole or absent. Raises
    BundleError when `out` exists: a bundle in use is never overwritten.
    """
    check_free(out)
    with written_beside(out) as root:
        draft = Draft(root)
        if base is not None:
            for part, told in base.provenance.items():
                shutil.copytree(base.path(part), root / part)
                draft.provenance[part] = told
        yield draft
        files = sorted(path for path in root.rglob("*") if path.is_file())
        manifest = {
            "format": FORMAT,
            "kind": KIND,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "parts": draft.provenance,
            "sha256": {str(path.relative_to(root)): sha256_of(path) for path in files},
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (root / MANIFEST).write_text(text + "\n", "utf-8")
        check_free(out)


def check_free(out: Path) -> None:
    """Raises BundleError when a bundle can't be written to `out`: now, not after a training."""
    if out.exists():
        raise BundleError(
            f"{out} is there already, and a bundle is never overwritten: name another folder "
            "(--out), or remove that one first"
        )


def _manifest(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(
        folder,
        f"there is no learned bundle in {folder}: LIVE_INTENT_BUNDLE (or --from) names the "
        "folder that live-intent learn ... --out wrote",
    )
    if manifest.get("kind") != KIND:
        raise BundleError(
            f"{folder} is no learned bundle (the bundle of an index lies there?): name the folder "
            "that live-intent learn ... --out wrote"
        )
    if manifest.get("format") != FORMAT:
        raise BundleError(
            f"the learned bundle {folder} has format {manifest.get('format')!r}; this version "
            f"reads {FORMAT}: learn it again with this version, or name an older one"
        )
    return manifest
