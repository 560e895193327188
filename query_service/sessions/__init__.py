"""What visitors did and asked for: kept in OpenSearch, read before a search, erased for good."""
