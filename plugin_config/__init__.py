"""OpenSearch: how to reach it, and what to set up in it (names, mappings, templates)."""
