"""The boundary: graphs, tensors and records turned into TensorFlow's formats, and back."""
