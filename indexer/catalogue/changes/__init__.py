"""Changes of items: single fields, lines of a feed, versions, and what could not be applied."""
