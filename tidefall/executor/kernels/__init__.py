"""Tier 1: regions of a plan fused into kernels of our own, over tiles of rows.

Nothing is imported here, so that llvmlite is loaded only when a kernel is first worth making.
"""
