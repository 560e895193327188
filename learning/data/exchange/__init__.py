"""Judgments, runs and impressions in the forms of other tools."""
