"""Experiments: two ways of answering, compared on live visitors."""
