"""What settings and keys write as texts: addresses, networks, rates."""
