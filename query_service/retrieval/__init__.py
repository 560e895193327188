"""The legs, their searches in OpenSearch, and their candidates."""
