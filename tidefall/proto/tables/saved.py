"""What is saved around a graph: MetaGraph, SavedModel, checkpoints and their index."""

TABLE = """
file tensorflow/core/protobuf/saver.proto
message SaverDef
    filename_tensor_name 1 string, save_tensor_name 2 string, restore_op_name 3 string,
    max_to_keep 4 int32, sharded 5 bool, keep_checkpoint_every_n_hours 6 float,
    version 7 CheckpointFormatVersion
enum SaverDef.CheckpointFormatVersion
    LEGACY 0, V1 1, V2 2

file tensorflow/core/protobuf/struct.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/types.proto
message StructuredValue
    oneof kind: none_value 1 NoneValue, float64_value 11 double, int64_value 12 sint64,
    string_value 13 string, bool_value 14 bool, tensor_shape_value 31 TensorShapeProto,
    tensor_dtype_value 32 DataType, tensor_spec_value 33 TensorSpecProto,
    type_spec_value 34 TypeSpecProto, list_value 51 ListValue, tuple_value 52 TupleValue,
    dict_value 53 DictValue, named_tuple_value 54 NamedTupleValue
message NoneValue
message ListValue
    values 1 repeated StructuredValue
message TupleValue
    values 1 repeated StructuredValue
message DictValue
    fields 1 {string: StructuredValue}
message PairValue
    key 1 string, value 2 StructuredValue
message NamedTupleValue
    name 1 string, values 2 repeated PairValue
message TensorSpecProto
    name 1 string, shape 2 TensorShapeProto, dtype 3 DataType
message TypeSpecProto
    type_spec_class 1 TypeSpecClass, type_state 2 StructuredValue, type_spec_class_name 3 string
enum TypeSpecProto.TypeSpecClass
    UNKNOWN 0, SPARSE_TENSOR_SPEC 1, INDEXED_SLICES_SPEC 2, RAGGED_TENSOR_SPEC 3,
    TENSOR_ARRAY_SPEC 4, DATA_DATASET_SPEC 5, DATA_ITERATOR_SPEC 6, OPTIONAL_SPEC 7,
    PER_REPLICA_SPEC 8

file tensorflow/core/protobuf/trackable_object_graph.proto
message TrackableObjectGraph
    nodes 1 repeated TrackableObject
message TrackableObjectGraph.TrackableObject
    children 1 repeated ObjectReference, attributes 2 repeated SerializedTensor,
    slot_variables 3 repeated SlotVariableReference
message TrackableObjectGraph.TrackableObject.ObjectReference
    node_id 1 int32, local_name 2 string
message TrackableObjectGraph.TrackableObject.SerializedTensor
    name 1 string, full_name 2 string, checkpoint_key 3 string, optional_restore 4 bool
message TrackableObjectGraph.TrackableObject.SlotVariableReference
    original_variable_node_id 1 int32, slot_name 2 string, slot_variable_node_id 3 int32

file tensorflow/core/protobuf/saved_object_graph.proto
import tensorflow/core/protobuf/trackable_object_graph.proto
import tensorflow/core/protobuf/struct.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/types.proto
import tensorflow/core/framework/versions.proto
import tensorflow/core/framework/variable.proto
message SavedObjectGraph
    nodes 1 repeated SavedObject, concrete_functions 2 {string: SavedConcreteFunction}
message SavedObject
    children 1 repeated TrackableObjectGraph.TrackableObject.ObjectReference,
    slot_variables 3 repeated TrackableObjectGraph.TrackableObject.SlotVariableReference;
    oneof kind: user_object 4 SavedUserObject, asset 5 SavedAsset, function 6 SavedFunction,
    variable 7 SavedVariable, bare_concrete_function 8 SavedBareConcreteFunction,
    constant 9 SavedConstant, resource 10 SavedResource
message SavedUserObject
    identifier 1 string, version 2 VersionDef, metadata 3 string
message SavedAsset
    asset_file_def_index 1 int32
message SavedFunction
    concrete_functions 1 repeated string, function_spec 2 FunctionSpec
message SavedConcreteFunction
    bound_inputs 2 repeated int32, canonicalized_input_signature 3 StructuredValue,
    output_signature 4 StructuredValue
message SavedBareConcreteFunction
    concrete_function_name 1 string, argument_keywords 2 repeated string,
    allowed_positional_arguments 3 int64
message SavedConstant
    operation 1 string
message SavedVariable
    dtype 1 DataType, shape 2 TensorShapeProto, trainable 3 bool,
    synchronization 4 VariableSynchronization, aggregation 5 VariableAggregation, name 6 string
message FunctionSpec
    fullargspec 1 StructuredValue, is_method 2 bool, input_signature 5 StructuredValue
message SavedResource
    device 1 string

file tensorflow/core/protobuf/meta_graph.proto
import google/protobuf/any.proto
import tensorflow/core/framework/graph.proto
import tensorflow/core/framework/op_def.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/types.proto
import tensorflow/core/protobuf/saved_object_graph.proto
import tensorflow/core/protobuf/saver.proto
import tensorflow/core/protobuf/struct.proto
message MetaGraphDef
    meta_info_def 1 MetaInfoDef, graph_def 2 GraphDef, saver_def 3 SaverDef,
    collection_def 4 {string: CollectionDef}, signature_def 5 {string: SignatureDef},
    asset_file_def 6 repeated AssetFileDef, object_graph_def 7 SavedObjectGraph
message MetaGraphDef.MetaInfoDef
    meta_graph_version 1 string, stripped_op_list 2 OpList, any_info 3 google.protobuf.Any,
    tags 4 repeated string, tensorflow_version 5 string, tensorflow_git_version 6 string,
    stripped_default_attrs 7 bool
message CollectionDef
    oneof kind: node_list 1 NodeList, bytes_list 2 BytesList, int64_list 3 Int64List,
    float_list 4 FloatList, any_list 5 AnyList
message CollectionDef.NodeList
    value 1 repeated string
message CollectionDef.BytesList
    value 1 repeated bytes
message CollectionDef.Int64List
    value 1 repeated int64
message CollectionDef.FloatList
    value 1 repeated float
message CollectionDef.AnyList
    value 1 repeated google.protobuf.Any
message TensorInfo
    oneof encoding: name 1 string, coo_sparse 4 CooSparse, composite_tensor 5 CompositeTensor;
    dtype 2 DataType, tensor_shape 3 TensorShapeProto
message TensorInfo.CooSparse
    values_tensor_name 1 string, indices_tensor_name 2 string, dense_shape_tensor_name 3 string
message TensorInfo.CompositeTensor
    type_spec 1 TypeSpecProto, components 2 repeated TensorInfo
message SignatureDef
    inputs 1 {string: TensorInfo}, outputs 2 {string: TensorInfo}, method_name 3 string
message AssetFileDef
    tensor_info 1 TensorInfo, filename 2 string

file tensorflow/core/protobuf/saved_model.proto
import tensorflow/core/protobuf/meta_graph.proto
message SavedModel
    saved_model_schema_version 1 int64, meta_graphs 2 repeated MetaGraphDef

file tensorflow/core/protobuf/tensor_bundle.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/tensor_slice.proto
import tensorflow/core/framework/types.proto
import tensorflow/core/framework/versions.proto
message BundleHeaderProto
    num_shards 1 int32, endianness 2 Endianness, version 3 VersionDef
enum BundleHeaderProto.Endianness
    LITTLE 0, BIG 1
message BundleEntryProto
    dtype 1 DataType, shape 2 TensorShapeProto, shard_id 3 int32, offset 4 int64, size 5 int64,
    crc32c 6 fixed32, slices 7 repeated TensorSliceProto

file tensorflow/core/util/saved_tensor_slice.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/tensor_slice.proto
import tensorflow/core/framework/tensor.proto
import tensorflow/core/framework/types.proto
import tensorflow/core/framework/versions.proto
message SavedSliceMeta
    name 1 string, shape 2 TensorShapeProto, type 3 DataType, slice 4 repeated TensorSliceProto
message SavedTensorSliceMeta
    tensor 1 repeated SavedSliceMeta, versions 2 VersionDef
message SavedSlice
    name 1 string, slice 2 TensorSliceProto, data 3 TensorProto
message SavedTensorSlices
    meta 1 SavedTensorSliceMeta, data 2 SavedSlice

file tensorflow/core/protobuf/graph_debug_info.proto
message GraphDebugInfo
    files 1 repeated string, traces 2 {string: StackTrace}
message GraphDebugInfo.FileLineCol
    file_index 1 int32, line 2 int32, col 3 int32, func 4 string, code 5 string
message GraphDebugInfo.StackTrace
    file_line_cols 1 repeated GraphDebugInfo.FileLineCol

file tensorflow/python/training/checkpoint_state.proto
message CheckpointState
    model_checkpoint_path 1 string, all_model_checkpoint_paths 2 repeated string,
    all_model_checkpoint_timestamps 3 repeated double, last_preserved_timestamp 4 double
"""
