"""How good is it, on whose data: `live-intent evaluate`."""
