"""Candidates in, scores and explanations out. No I/O."""
