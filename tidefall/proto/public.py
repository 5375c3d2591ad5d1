"""Which messages are public, and under what names below ``tf.``.

The table holds names only, so that reading it builds no class.
"""

from __future__ import annotations

_AT_THE_TOP = (
    "AttrValue", "ConfigProto", "Event", "GPUOptions", "GraphDef", "GraphOptions",
    "HistogramProto", "LogMessage", "MetaGraphDef", "NameAttrList", "NodeDef",
    "OptimizerOptions", "RunMetadata", "RunOptions", "SessionLog", "Summary",
    "SummaryMetadata", "TensorInfo",
)  # fmt: skip
_IN_SUMMARY = ("Event", "SessionLog", "Summary", "SummaryDescription", "TaggedRunMetadata")
_IN_TRAIN = (
    "BytesList", "ClusterDef", "Example", "Feature", "FeatureList", "FeatureLists", "Features",
    "FloatList", "Int64List", "JobDef", "SaverDef", "SequenceExample", "ServerDef",
)  # fmt: skip

#: Public name, without ``tf.``, to message name.
PUBLIC: dict[str, str] = {
    **{name: name for name in _AT_THE_TOP},
    **{f"summary.{name}": name for name in _IN_SUMMARY},
    **{f"train.{name}": name for name in _IN_TRAIN},
}
