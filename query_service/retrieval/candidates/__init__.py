"""Candidates: the fields that the re-ranker reads, and their arrays."""
