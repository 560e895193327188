"""Access over HTTP: which route needs what, who calls, how often."""
