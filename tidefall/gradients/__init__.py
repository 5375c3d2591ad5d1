"""`tf.gradients`: the walk over the graph. The rule of an op stands with the op."""
