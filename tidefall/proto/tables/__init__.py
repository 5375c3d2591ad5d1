"""The messages of TensorFlow 1.15's files and options, as compact tables.

The tables hold facts only: names, numbers and types of fields. The notation, read by
``tidefall.proto.table``, is

    file tensorflow/core/framework/example.proto     starts a file
    package tensorflow.error                         if it is not ``tensorflow``
    import tensorflow/core/framework/types.proto     a file whose types it uses
    message Outer.Inner                              a message, nested ones by dotted name
        name 1 string, values 2 repeated int64,      field name, number, type
        table 3 {string: DataType};                  a map; ``;`` ends a group of fields
        oneof kind: s 4 bytes, i 5 int64             a group of which one field is set
    enum Outer.Colour                                an enumeration
        RED 0, GREEN 1

All files are proto3, so a repeated number is packed.
"""

from tidefall.proto.tables import config, events, graph, saved

TABLES = (graph.TABLE, config.TABLE, events.TABLE, saved.TABLE)
