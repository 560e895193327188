"""What visitors agree to, ids that tell nothing of a person, texts of few that stay unseen."""
