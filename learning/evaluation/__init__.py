"""The quality of search and recommendation, measured: `live-intent evaluate`."""
