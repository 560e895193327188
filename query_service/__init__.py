"""A request and a session in, ranked hits out."""
