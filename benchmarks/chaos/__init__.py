"""Chaos: random faults between service and cluster, and what is there of the acknowledged."""
