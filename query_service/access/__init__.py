"""Who may do what: API keys, browser keys derived from them, proof that a session is one's own."""
