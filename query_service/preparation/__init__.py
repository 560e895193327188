"""The steps of a request up to the re-ranker's input: session, query, plan, rules, retrieval."""
