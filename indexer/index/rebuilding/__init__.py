"""A rebuild: makes and fills a new index, looks at it, and moves the alias."""
