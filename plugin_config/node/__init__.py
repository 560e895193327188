"""The development node: OpenSearch with k-NN on this machine, by Docker or from Maven Central."""
