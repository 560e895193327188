"""Whether the nodes of a cluster have the native libraries of faiss."""

from opensearchpy import OpenSearch

from plugin_config.errors import ConfigMismatch
from plugin_config.quantization import Engine


def refuse_missing_libraries(client: OpenSearch, engine: Engine, quantization: str) -> None:
    """Raises ConfigMismatch when the engine is faiss and a node has no library of it.

    Such a node accepts the mapping, and ends with the first vectors that it writes. It is known by
    its distribution: the one of Maven Central (build type `zip`, on another system than Windows)
    comes without any.
    """
    if engine != "faiss":
        return
    nodes = client.nodes.info(metric="os")["nodes"].values()
    without = sorted(
        node["name"]
        for node in nodes
        if node.get("build_type") == "zip"
        and not str(node.get("os", {}).get("name", "")).startswith("Windows")
    )
    if without:
        raise ConfigMismatch(
            f"LIVE_INTENT_ENGINE=faiss (LIVE_INTENT_QUANTIZATION={quantization}): the node "
            f"{without[0]} has no native library of faiss (opensearchknn_faiss), as the "
            "distribution of Maven Central comes without, and would end with the first vector. Set "
            "LIVE_INTENT_ENGINE=lucene (quantization: none, int7), or use nodes of OpenSearch's "
            "full distribution (tar, deb, rpm, Docker)."
        )
