"""A shop's changes, line by line, into the live index."""
