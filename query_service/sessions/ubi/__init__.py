"""Rows of ubi_events and ubi_queries, and clicks joined to the queries they follow."""
