"""Removes what has expired, by one process of all, and says what it did."""
