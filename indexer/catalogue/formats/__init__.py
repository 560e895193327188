"""Exports of shop systems, from their rows to fields of items."""
