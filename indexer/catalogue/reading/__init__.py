"""A catalogue file, opened and recognised, and which of its columns become which fields."""
