"""One value of a catalogue's row: what is understood of texts, numbers, prices, flags and times."""
