"""The encoder and the re-ranker on each device."""
