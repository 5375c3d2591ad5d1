"""Optimizers and training loops."""
