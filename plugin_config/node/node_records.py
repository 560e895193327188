"""What the state folder says of each node: its record, and the folder of its files."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from plugin_config.errors import NodeError
from plugin_config.versions import DEFAULT


@dataclass(frozen=True)
class NodeInfo:
    """One node. `health` is green, yellow, red, or "" when it does not answer."""

    name: str
    url: str
    port: int
    by: str  # "docker" or "maven"
    pid: int = 0  # 0: not running, or in a container
    running: bool = False
    health: str = ""
    version: str = ""
    size_bytes: int = 0
    folder: str = ""
    already_running: bool = False
    release: str = DEFAULT  # of OpenSearch that it is started with
    plugin_home: str = ""  # name of its installation's folder, if that has our plugin


def records(state: Path) -> list[NodeInfo]:
    """The record of every node, by name."""
    names = sorted(path.stem for path in (state / "nodes").glob("*.json"))
    return [info for name in names if (info := read_record(state, name))]


def node_folder(state: Path, name: str) -> Path:
    """The folder of the node's configuration, data and logs."""
    return state / "nodes" / name


def record_file(state: Path, name: str) -> Path:
    """The node's record; not in the node's folder, where the node's user may write."""
    return state / "nodes" / f"{name}.json"


def read_record(state: Path, name: str) -> NodeInfo | None:
    """The node's record, None if there is no such node; NodeError if it can't be read."""
    try:
        return NodeInfo(**json.loads(record_file(state, name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise NodeError(f"{record_file(state, name)} can't be read ({error}): delete it") from error


def write_record(state: Path, info: NodeInfo) -> None:
    """Write the node's record in one step."""
    record = record_file(state, info.name)
    record.parent.mkdir(parents=True, exist_ok=True)
    partial = record.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(info), indent=1), encoding="utf-8")
    partial.replace(record)


def folder_size(folder: Path) -> int:
    """Bytes of the files below a folder, of those that are still there."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # the node deleted the file in the meantime
            continue
    return total
