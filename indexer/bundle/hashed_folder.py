"""A folder whose manifest has the hash of each of its files: whole or absent, and checked."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plugin_config.errors import LiveIntentError

MANIFEST = "manifest.json"


class BundleError(LiveIntentError):
    """A model bundle is missing, damaged, or does not fit the index or the encoder."""

    exit_code = 4


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def written_beside(folder: Path, *, replaces: bool = False) -> Iterator[Path]:
    """An empty folder beside `folder`, moved there when all went well.

    `replaces`: an older one there goes; else the move fails where there is one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield part
        part.chmod(0o755)  # mkdtemp's folder is private; another user may run the service
        if replaces and folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_manifest(folder: Path, absent: str) -> dict[str, Any]:
    """The manifest of a folder. Raises BundleError: `absent` without one, or it is not JSON."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(absent)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BundleError(f"the manifest {path} is not JSON ({error}): copy it again") from error
    return manifest


def check_files(folder: Path, sha256: Mapping[str, str], what: str, mend: str) -> None:
    """Raises BundleError when a file of `sha256` is missing or another than its hash says."""
    for name, expected in sha256.items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise BundleError(
                f"{what} {folder} is damaged: {name} is not what its manifest says. {mend}"
            )
