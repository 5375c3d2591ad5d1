"""The command ``tidefall``: runs TensorFlow 1 programs, and tells what it does with them."""
