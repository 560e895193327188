"""Templates and indexes of a cluster, created and updated to match the code."""
