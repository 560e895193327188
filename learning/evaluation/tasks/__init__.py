"""The tasks of `live-intent evaluate`: from files to a report."""
