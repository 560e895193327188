"""What a catalogue file holds, without a cluster."""
