"""Data to train and evaluate on: files and logs in; judgments, visits and sessions out."""
