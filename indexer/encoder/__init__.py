"""Text to embeddings: from a model's name to unit vectors."""
