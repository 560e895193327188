"""The connection to OpenSearch: client, deadlines, circuit breaker, partial answers."""
