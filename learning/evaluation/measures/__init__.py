"""Metrics of ranked lists, with their confidence intervals. No I/O."""
