"""Bundle folders: written whole or not at all, with a manifest of each file's SHA-256."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_config.errors import LiveIntentError

MANIFEST = "manifest.json"


class BundleError(LiveIntentError):
    """A model bundle is missing, damaged, or does not fit the index or the encoder."""

    exit_code = 4


@dataclass(frozen=True)
class BundleType:
    """What a manifest must say, and how to fix each fault (the end of its error message)."""

    name: str  # as messages call it
    format: int
    if_absent: str
    if_other_format: str
    if_damaged: str
    kind: str | None = None  # the manifest's `kind`; None: it has none
    if_other_kind: str = ""


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_folder(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """An empty temporary folder beside `folder`, renamed to it if the block succeeds.

    An existing `folder` is deleted first with `replace`; without it the renaming fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield temporary
        temporary.chmod(0o755)  # mkdtemp's folder is private; another user may run the service
        if replace and folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_manifest(folder: Path, expected: BundleType) -> dict[str, Any]:
    """The manifest of a bundle whose files match it.

    Raises BundleError when the manifest is missing, not JSON, of another kind or format, or when
    a file is missing or has another hash.
    """
    path, name = folder / MANIFEST, expected.name
    if not path.is_file():
        raise BundleError(f"there is no {name} in {folder}{expected.if_absent}")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BundleError(f"the manifest {path} is not JSON ({error}): copy it again") from error
    if expected.kind is not None and manifest.get("kind") != expected.kind:
        raise BundleError(f"{folder} is no {name} {expected.if_other_kind}")
    if manifest.get("format") != expected.format:
        raise BundleError(
            f"the {name} {folder} has format {manifest.get('format')!r}; this version reads "
            f"{expected.format}{expected.if_other_format}"
        )
    for file, sha256 in manifest["sha256"].items():
        if not (folder / file).is_file() or sha256_of(folder / file) != sha256:
            raise BundleError(
                f"the {name} {folder} is damaged: {file} is not what its manifest says. "
                f"{expected.if_damaged}"
            )
    return manifest
