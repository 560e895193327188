"""The running service: assembled, warmed up, checked in the background."""
