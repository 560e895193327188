"""A visitor and what they did, to the user vector. No I/O."""
