"""The learned re-ranker: its features, its network, and how far it may act."""
