"""What this machine can do at best, and so the least time a workload could take on it."""
