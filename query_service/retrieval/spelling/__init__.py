"""Words of a query without hits, and their corrections."""
