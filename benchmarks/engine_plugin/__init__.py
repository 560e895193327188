"""The plugin inside OpenSearch: what it costs, beside plain searches and the query service."""
