"""The state folder of a local installation: nodes, downloads, model bundles."""

import hashlib
import json
import os
import re
import stat
from pathlib import Path

from plugin_config.errors import NodeError

NOBODY = "nobody"


def default_state_dir() -> Path:
    """`LIVE_INTENT_STATE_DIR`, else `.live-intent` here, else a folder below `/var/tmp`.

    OpenSearch refuses to run as root, so a node that root starts runs as `nobody`. That user must
    be able to enter every folder above the node's; `/root` and most home folders are closed to it.
    Each working directory has its own folder, below `/var/tmp` too.
    """
    configured = os.environ.get("LIVE_INTENT_STATE_DIR")
    if configured:
        return Path(configured).expanduser().absolute()
    here = Path.cwd()
    local = here / ".live-intent"
    if os.geteuid() != 0 or not closed_to_nobody(local):
        return local
    digest = hashlib.sha256(str(here).encode()).hexdigest()[:8]
    return Path("/var/tmp") / f"live-intent-{os.getuid()}" / f"{here.name}-{digest}"


def recorded_node_url(state_dir: Path) -> str:
    """The URL of the local node `main`, as recorded in the state folder; else that of port 9200.

    So that commands go to the node that the demo started, on whatever port, and not to a cluster
    of somebody else on port 9200.
    """
    try:
        record = json.loads((state_dir / "nodes" / "main.json").read_text(encoding="utf-8"))
        return str(record["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return "http://127.0.0.1:9200"


def closed_to_nobody(path: Path) -> Path | None:
    """The first existing folder on the way to `path` that the user `nobody` can't enter."""
    import grp
    import pwd

    try:
        user = pwd.getpwnam(NOBODY)
        groups = {user.pw_gid} | {g.gr_gid for g in grp.getgrall() if NOBODY in g.gr_mem}
    except KeyError:
        return path
    absolute = path.absolute()
    for folder in (*reversed(absolute.parents), absolute):
        try:
            status = folder.stat()
        except FileNotFoundError:
            return None
        if status.st_uid == user.pw_uid:
            permission = stat.S_IXUSR
        elif status.st_gid in groups:
            permission = stat.S_IXGRP
        else:
            permission = stat.S_IXOTH
        if not status.st_mode & permission:
            return folder
    return None


def make_state_dir(path: Path) -> Path:
    """Create the folder, and check that this user owns it.

    Raises:
        NodeError: it can't be made, or another user owns it.
    """
    path = path.expanduser().absolute()
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.exists():
                folder.mkdir()
                folder.chmod(0o755)  # whatever the umask: a node may run as another user
    except OSError as error:
        raise NodeError(
            f"the state folder {path} can't be made ({error.strerror}): set LIVE_INTENT_STATE_DIR "
            "to a folder that can be written"
        ) from error
    for folder in (path.parent, path):
        # Everyone may write to /var/tmp: another user may have created this folder first.
        if folder.name.startswith("live-intent-") and folder.stat().st_uid != os.getuid():
            raise NodeError(
                f"the folder {folder} belongs to another user: set LIVE_INTENT_STATE_DIR to a "
                "folder of your own"
            )
    return path


def state_file(state_dir: Path, kind: str, about: str, target: str) -> Path:
    """The file in the folder `kind` that keeps what is known of the path `about`.

    `target`: the cluster and alias that it is for. Nothing is made.
    """
    digest = hashlib.sha256(f"{target}\n{about}".encode(errors="surrogateescape")).hexdigest()[:12]
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", Path(about).name)[:100]
    return state_dir / kind / f"{name}-{digest}.json"


def write_whole(path: Path, text: str) -> None:
    """Puts a file in place of the one before, or none; on disk when it returns. Raises OSError."""
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
