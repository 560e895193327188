"""The command `live-intent index`."""
