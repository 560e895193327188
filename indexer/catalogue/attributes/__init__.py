"""Attributes of items: their values, which are public, which are facets."""
