"""Points in time: an index as it is at a moment, for pages that are asked for later."""

import re
import threading
import time

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable

_TIME = re.compile(r"\d{8}t\d{6}z.*$")  # in the name of an items index


class PointsInTime:
    """Opens points in time; visitors share one that is not older than their first pages.

    None is closed: each expires `keep_alive_s` after its last use. Safe to use from many threads.
    """

    def __init__(self, client: OpenSearch, keep_alive_s: int) -> None:
        self._client = client
        self.keep_alive_s = keep_alive_s
        # By index: id, when it was opened, and by a clock that does not jump.
        self._newest: dict[str, tuple[str, float, float]] = {}
        self._lock = threading.Lock()

    def since(self, index: str, moment: float, timeout_s: float) -> str:
        """The id of a point in time of the index, at `moment` (seconds since 1970) or later.

        Raises ClusterUnavailable, also where the cluster allows no more of them.
        """
        with self._lock:
            held, opened, since = self._newest.get(index, ("", 0.0, 0.0))
            if opened >= moment and time.monotonic() - since < self.keep_alive_s / 2:
                return held
        opened, since = time.time(), time.monotonic()
        params = {"keep_alive": f"{self.keep_alive_s}s", "request_timeout": timeout_s}
        try:
            held = str(self._client.create_pit(index=index, params=params)["pit_id"])
        except OpenSearchException as error:
            raise cluster_unavailable(error, "open a point in time") from error
        with self._lock:
            self._newest = {index: (held, opened, since)}
        return held


def is_items_index(name: str, items_index: str) -> bool:
    """Whether an index is an earlier or later one of `items_index`."""
    base = _TIME.sub("", items_index)
    rest = name.removeprefix(base) if name.startswith(base) else ""
    return name == items_index or _TIME.fullmatch(rest) is not None
