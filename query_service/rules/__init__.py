"""Merchandisers' rules: their file, checks, versions, and what they do to an answer."""
