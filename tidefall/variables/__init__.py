"""Variables, variable scopes, initializers and regularizers."""
