"""Summaries: the ops that make them, and event files for TensorBoard."""
