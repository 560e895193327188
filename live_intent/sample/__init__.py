"""The sample catalogue, and simulated visits to it."""
