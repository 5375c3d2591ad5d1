"""What every other part speaks: dtypes, shapes, devices, nests, errors, and the current builder."""
