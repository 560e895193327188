"""Items in, searchable vectors out."""
