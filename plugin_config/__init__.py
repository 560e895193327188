"""What OpenSearch is told, and how it is reached: names, mappings, templates, client, settings."""
