"""Programs that run unchanged under TensorFlow 1.15 and under tidefall.

Every program takes the module it is to run with, ``tf``. The files stay within Python 3.7,
since that is what TensorFlow 1.15 runs on.
"""
