"""Requests for hits and suggestions, what they may ask for, and their answers."""
