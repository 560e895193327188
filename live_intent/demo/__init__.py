"""`live-intent demo`: node, sample catalogue, service and a scripted visit."""
