"""What rebuilds of a generated catalogue cost."""
