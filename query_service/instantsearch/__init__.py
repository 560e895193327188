"""Requests of InstantSearch front ends, as the library algoliasearch sends them, and answers."""
