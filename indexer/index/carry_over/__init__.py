"""What a rebuild carries over from the live index: writes made meanwhile, versions, vectors."""
