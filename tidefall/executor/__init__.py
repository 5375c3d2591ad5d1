"""The tiers that run a plan."""
