"""The array namespaces that a kernel may be given as ``xp``."""
