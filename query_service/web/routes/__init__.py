"""The routes of search, suggestions, items, rules and InstantSearch."""
