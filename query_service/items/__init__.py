"""Items over HTTP: read by id in real time, written in order."""
