"""The index of suggestions: what may complete a query that is being typed."""

from typing import Any

from plugin_config.analysis.text_analysis import TextAnalysis
from plugin_config.schema import MARK, META


def suggestions_body(analyzer: str, meta: dict[str, Any]) -> dict[str, Any]:
    """The body that creates an index of suggestions: settings and mappings.

    `analyzer`: that of the items. Documents lie in order of weight, so that the engine stops at
    the best ones. `meta` becomes `_meta.live_intent`.
    """
    return {
        "settings": {
            "index.number_of_shards": 1,
            "index.auto_expand_replicas": "0-1",
            "index.sort.field": "weight",
            "index.sort.order": "desc",
            "index.analysis": TextAnalysis(analyzer).typed_settings,
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {**MARK, META: meta},
            "properties": {
                "type": {"type": "keyword"},
                "languages": {"type": "keyword"},
                "text": {
                    "type": "text",
                    "analyzer": "typed",
                    "search_analyzer": "typed_search",
                    "norms": False,
                },
                "weight": {"type": "float"},
                "count": {"type": "long", "index": False},
                "filters": {"type": "object", "enabled": False},
                "features": {"type": "keyword", "index": False, "doc_values": False},
            },
        },
    }
