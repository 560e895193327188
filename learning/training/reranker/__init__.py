"""`live-intent learn reranker`."""
