"""What a speed claim is measured with: ``python -m benchmarks --help``."""
