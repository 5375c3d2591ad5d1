"""From a graph, feeds and fetches to a plan that a tier can run."""
