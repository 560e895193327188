"""`live-intent learn encoder`."""
