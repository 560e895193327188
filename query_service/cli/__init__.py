"""The commands of the service: serve, sessions, rules and synonyms."""
