"""What a filled index is measured by before the alias moves to it."""
