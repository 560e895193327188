"""What OpenSearch is told: names, mappings, templates, the client and a local node."""
