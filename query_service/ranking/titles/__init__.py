"""Titles as hashes, tables and features: which words they share with other texts."""
