"""The graph: operations, tensors, name scopes, collections; and the plan made from it."""
