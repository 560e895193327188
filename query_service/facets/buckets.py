"""What a bucket of the engine counts: items, or their groups where hits collapse."""

from collections.abc import Mapping
from typing import Any

from plugin_config.schema import GROUP_KEY

GROUPS = "groups"  # of a bucket: how many groups its items have
# Exact up to 768 groups of a bucket, within about 2 % above. Each bucket's memory costs time: four
# facets took 124 ms by 100 and 172 by 3,000, 85 when items were counted (on a busy machine).
_COUNTED = {"cardinality": {"field": GROUP_KEY, "precision_threshold": 400}}


def counting(aggregation: dict[str, Any], *, collapse: bool) -> dict[str, Any]:
    """The aggregation, whose buckets count the groups of their items where hits collapse."""
    if not collapse:
        return aggregation
    return aggregation | {"aggs": {GROUPS: _COUNTED}}


def bucket_counts(terms: Mapping[str, Any]) -> dict[str, int]:
    """The count of each bucket of an aggregation, by its key."""
    return {
        str(bucket.get("key_as_string", bucket["key"])): bucket_count(bucket)
        for bucket in terms.get("buckets", ())
    }


def bucket_count(bucket: Mapping[str, Any]) -> int:
    """The items of a bucket, or their groups where hits collapse: the one place that says which."""
    return int(bucket[GROUPS]["value"] if GROUPS in bucket else bucket["doc_count"])
