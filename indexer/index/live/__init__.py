"""Changes of single items in the live index, and in one that is being filled."""
