"""Experiments on simulated visitors of the sample shop, through the real service."""
