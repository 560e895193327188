"""Facets: counts of values beside the hits."""
