"""What the insights cost."""
