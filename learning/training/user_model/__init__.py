"""`live-intent learn user-model`."""
