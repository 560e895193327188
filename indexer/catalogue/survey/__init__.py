"""The first pass over a whole catalogue: a sample, statistics, attributes."""
