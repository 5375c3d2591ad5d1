"""Datasets, their transformations and iterators."""
