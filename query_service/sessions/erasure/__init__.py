"""Removal of stored behaviour: erasures that a visitor asks for, and expiry."""
