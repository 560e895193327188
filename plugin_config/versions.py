"""What differs between versions of OpenSearch: the one place for it. The matrix: docs/versions.md.

What is sent differs in one parameter of a mapping (`sixteen_bits`); else it is how a local node is
run, and the status of a refusal.
"""

import re
from collections.abc import Mapping
from typing import Any

from plugin_config.errors import LiveIntentError

DEFAULT = "3.5.0"  # of a local node
OLDEST = (2, 19)
# The kind of error of a point in time that is none: 3.5 has status 400 and another kind, 3.6 500.
NO_POINT_IN_TIME = "unsupported_version_exception"
_NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-.].*)?")


class UnsupportedVersion(LiveIntentError):
    """The cluster is older than what this was tried on, or no OpenSearch."""

    exit_code = 4


def check_version(info: Mapping[str, Any], where: str) -> None:
    """Raises UnsupportedVersion if `info`, the answer to `GET /`, is of a version too old."""
    version = info["version"]
    number, product = str(version.get("number", "")), version.get("distribution", "elasticsearch")
    if product == "opensearch" and _parsed(number)[:2] >= OLDEST:
        return
    oldest = ".".join(map(str, OLDEST))
    raise UnsupportedVersion(
        f"the cluster at {where} is {product} {number}: Live Intent needs OpenSearch {oldest} or "
        "newer, with the k-NN plugin. Upgrade the cluster, or name another in "
        "LIVE_INTENT_OPENSEARCH_URL."
    )


def sixteen_bits(version: str) -> dict[str, Any]:
    """The parameters of faiss's scalar quantisation to 16 bits, for an index made by a version.

    From 3.6 on they must have `bits`, which earlier versions refuse.
    """
    return {"type": "fp16"} | ({"bits": 16} if _parsed(version) >= (3, 6, 0) else {})


def knn_release(version: str) -> str:
    """The release of the k-NN plugin for a version: plugins have a fourth number."""
    return f"{version}.0"


def maven_has_modules(version: str) -> bool:
    """Whether the distribution at Maven Central has its modules: none before 3 has."""
    return _parsed(version) >= (3, 0, 0)


def java_versions(version: str) -> tuple[int, int | None]:
    """The oldest and the newest Java that run a version; None: any newer.

    Versions before 3 need Java's security manager, which Java 24 lost.
    """
    return (21, None) if _parsed(version) >= (3, 0, 0) else (11, 23)


def is_version(text: str) -> bool:
    """Whether it is the number of a release, such as 3.6.0, that a local node can have."""
    return re.fullmatch(r"\d+\.\d+\.\d+", text) is not None and _parsed(text)[:2] >= OLDEST


def _parsed(number: str) -> tuple[int, int, int]:
    match = _NUMBER.fullmatch(number)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
