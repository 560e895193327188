"""What visitors do and agree to, and what is kept of them: events, consent, sessions."""
