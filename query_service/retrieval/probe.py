"""A cheap search that shows whether searches are answered now."""

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.connection.partial_answers import missing_part
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import VECTOR

TIMEOUT_S = 2.0


def probe(client: OpenSearch, index: str, dims: int) -> None:
    """Send a k-NN search for one item; raise ClusterUnavailable unless every shard answered it.

    An engine that was restarted answers `GET /` long before it answers searches.
    """
    vector = np.full(dims, dims**-0.5, np.float32)
    body = {"size": 1, "_source": False, "query": {"knn": {VECTOR: {"vector": vector, "k": 1}}}}
    try:
        response = client.search(index=index, body=body, params={"request_timeout": TIMEOUT_S})
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error
    if reason := missing_part(response):
        raise ClusterUnavailable(f"a search of {index} was not answered in full: {reason}")
