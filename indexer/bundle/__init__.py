"""What is fitted on a catalogue or learned from behaviour, on disk: bundles and their parts."""
