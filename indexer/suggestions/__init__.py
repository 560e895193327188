"""What completes a query that is being typed: from the shop's log and its catalogue."""
