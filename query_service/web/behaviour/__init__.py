"""What clients send of visitors: events and queries, in our form and in those of trackers."""
