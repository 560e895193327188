"""Item texts to embeddings on the machines of a Ray cluster."""
