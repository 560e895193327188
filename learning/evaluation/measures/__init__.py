"""Measures of ranked lists, and how sure they are. No I/O."""
