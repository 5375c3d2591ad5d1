"""Every op, one file per family; each stands beside its shape rule and gradient."""
