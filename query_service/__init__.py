"""A request and a session in, ranked items out."""
