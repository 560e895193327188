"""Options of `live-intent index` commands, and the values that they are gathered into."""
