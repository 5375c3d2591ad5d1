"""What outlives a run: variable buffers, resources, random counters."""
