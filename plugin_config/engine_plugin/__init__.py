"""The plugin inside OpenSearch: how it is built, and what a cluster has of it."""
