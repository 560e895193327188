"""Words of a catalogue's texts: terms, spelling, compounds, languages."""
