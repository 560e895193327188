"""The legs and their candidates: what is asked of OpenSearch."""
