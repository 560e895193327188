"""Text analysis: languages, spelling rules, analyzers and the text fields of an items index."""
