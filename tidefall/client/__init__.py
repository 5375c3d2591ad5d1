"""The front doors to the executor: sessions."""
