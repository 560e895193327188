"""Benchmarks: each prints a ratio against a peer, measured within one run."""
