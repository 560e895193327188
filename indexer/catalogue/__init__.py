"""Catalogue files in, checked items out."""
