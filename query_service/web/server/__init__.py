"""The processes that serve the app, and the HTTP server of each."""
