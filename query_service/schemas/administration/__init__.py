"""What a shop's own systems and people send: items, rules, experiments."""
