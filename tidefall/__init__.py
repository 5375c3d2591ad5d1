"""The TensorFlow 1.x graph programming model, for today's Python.

A program builds a static graph of operations, feeds placeholders, keeps its parameters in
variables, and runs any part of the graph in a session.
"""

__version__ = "0.1.0"
