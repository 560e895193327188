"""Bulk requests at the pace that the cluster takes."""
