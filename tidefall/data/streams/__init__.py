"""Datasets at work: one pass over each, element by element or in blocks."""
