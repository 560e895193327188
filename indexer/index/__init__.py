"""The items index: rebuild, fill, swap, live updates."""
