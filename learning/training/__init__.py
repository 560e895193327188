"""Past behaviour in, model bundles out: `live-intent learn`."""
