"""What a bucket of the engine counts: items, or their groups where hits collapse."""

from collections.abc import Mapping
from typing import Any

from plugin_config.schema import GROUP_KEY

GROUPS = "groups"  # of a bucket: how many groups its items have, exactly up to about 3,000


def counting(aggregation: dict[str, Any], *, collapse: bool) -> dict[str, Any]:
    """The aggregation, whose buckets count the groups of their items where hits collapse."""
    if not collapse:
        return aggregation
    return aggregation | {"aggs": {GROUPS: {"cardinality": {"field": GROUP_KEY}}}}


def bucket_counts(terms: Mapping[str, Any]) -> dict[str, int]:
    """The count of each bucket of an aggregation, by its key."""
    return {
        str(bucket.get("key_as_string", bucket["key"])): bucket_count(bucket)
        for bucket in terms.get("buckets", ())
    }


def bucket_count(bucket: Mapping[str, Any]) -> int:
    """The items of a bucket, or their groups where hits collapse: the one place that says which."""
    return int(bucket[GROUPS]["value"] if GROUPS in bucket else bucket["doc_count"])
