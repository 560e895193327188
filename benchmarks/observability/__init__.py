"""What it costs to see what goes on."""
