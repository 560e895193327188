"""Filters of a request as clauses of OpenSearch, checked against the fields of the index."""
