"""Queries asked without a visitor: of one index by the service's own steps, encoded at once."""
