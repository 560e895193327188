"""A catalogue in, a searchable index out."""
