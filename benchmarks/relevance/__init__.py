"""What a part of the method is worth, on public data."""
