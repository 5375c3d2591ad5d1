"""Tensors, attributes, ops, functions and graphs; what a graph's collections hold."""

TABLE = """
file tensorflow/core/framework/types.proto
enum DataType
    DT_INVALID 0, DT_FLOAT 1, DT_DOUBLE 2, DT_INT32 3, DT_UINT8 4, DT_INT16 5, DT_INT8 6,
    DT_STRING 7, DT_COMPLEX64 8, DT_INT64 9, DT_BOOL 10, DT_QINT8 11, DT_QUINT8 12, DT_QINT32 13,
    DT_BFLOAT16 14, DT_QINT16 15, DT_QUINT16 16, DT_UINT16 17, DT_COMPLEX128 18, DT_HALF 19,
    DT_RESOURCE 20, DT_VARIANT 21, DT_UINT32 22, DT_UINT64 23, DT_FLOAT_REF 101,
    DT_DOUBLE_REF 102, DT_INT32_REF 103, DT_UINT8_REF 104, DT_INT16_REF 105, DT_INT8_REF 106,
    DT_STRING_REF 107, DT_COMPLEX64_REF 108, DT_INT64_REF 109, DT_BOOL_REF 110, DT_QINT8_REF 111,
    DT_QUINT8_REF 112, DT_QINT32_REF 113, DT_BFLOAT16_REF 114, DT_QINT16_REF 115,
    DT_QUINT16_REF 116, DT_UINT16_REF 117, DT_COMPLEX128_REF 118, DT_HALF_REF 119,
    DT_RESOURCE_REF 120, DT_VARIANT_REF 121, DT_UINT32_REF 122, DT_UINT64_REF 123

file tensorflow/core/framework/tensor_shape.proto
message TensorShapeProto
    dim 2 repeated Dim, unknown_rank 3 bool
message TensorShapeProto.Dim
    size 1 int64, name 2 string

file tensorflow/core/framework/resource_handle.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/types.proto
message ResourceHandleProto
    device 1 string, container 2 string, name 3 string, hash_code 4 uint64,
    maybe_type_name 5 string, dtypes_and_shapes 6 repeated DtypeAndShape
message ResourceHandleProto.DtypeAndShape
    dtype 1 DataType, shape 2 TensorShapeProto

file tensorflow/core/framework/tensor.proto
import tensorflow/core/framework/resource_handle.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/types.proto
message TensorProto
    dtype 1 DataType, tensor_shape 2 TensorShapeProto, version_number 3 int32,
    tensor_content 4 bytes, half_val 13 repeated int32, float_val 5 repeated float,
    double_val 6 repeated double, int_val 7 repeated int32, string_val 8 repeated bytes,
    scomplex_val 9 repeated float, int64_val 10 repeated int64, bool_val 11 repeated bool,
    dcomplex_val 12 repeated double, resource_handle_val 14 repeated ResourceHandleProto,
    variant_val 15 repeated VariantTensorDataProto, uint32_val 16 repeated uint32,
    uint64_val 17 repeated uint64
message VariantTensorDataProto
    type_name 1 string, metadata 2 bytes, tensors 3 repeated TensorProto

file tensorflow/core/framework/tensor_slice.proto
message TensorSliceProto
    extent 1 repeated Extent
message TensorSliceProto.Extent
    start 1 int64; oneof has_length: length 2 int64

file tensorflow/core/framework/attr_value.proto
import tensorflow/core/framework/tensor.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/types.proto
message AttrValue
    oneof value: s 2 bytes, i 3 int64, f 4 float, b 5 bool, type 6 DataType,
    shape 7 TensorShapeProto, tensor 8 TensorProto, list 1 ListValue, func 10 NameAttrList,
    placeholder 9 string
message AttrValue.ListValue
    s 2 repeated bytes, i 3 repeated int64, f 4 repeated float, b 5 repeated bool,
    type 6 repeated DataType, shape 7 repeated TensorShapeProto, tensor 8 repeated TensorProto,
    func 9 repeated NameAttrList
message NameAttrList
    name 1 string, attr 2 {string: AttrValue}

file tensorflow/core/framework/versions.proto
message VersionDef
    producer 1 int32, min_consumer 2 int32, bad_consumers 3 repeated int32

file tensorflow/core/framework/op_def.proto
import tensorflow/core/framework/attr_value.proto
import tensorflow/core/framework/types.proto
message OpDef
    name 1 string, input_arg 2 repeated ArgDef, output_arg 3 repeated ArgDef,
    control_output 20 repeated string, attr 4 repeated AttrDef, deprecation 8 OpDeprecation,
    summary 5 string, description 6 string, is_commutative 18 bool, is_aggregate 16 bool,
    is_stateful 17 bool, allows_uninitialized_input 19 bool
message OpDef.ArgDef
    name 1 string, description 2 string, type 3 DataType, type_attr 4 string,
    number_attr 5 string, type_list_attr 6 string, is_ref 16 bool
message OpDef.AttrDef
    name 1 string, type 2 string, default_value 3 AttrValue, description 4 string,
    has_minimum 5 bool, minimum 6 int64, allowed_values 7 AttrValue
message OpDeprecation
    version 1 int32, explanation 2 string
message OpList
    op 1 repeated OpDef

file tensorflow/core/framework/node_def.proto
import tensorflow/core/framework/attr_value.proto
message NodeDef
    name 1 string, op 2 string, input 3 repeated string, device 4 string,
    attr 5 {string: AttrValue}, experimental_debug_info 6 ExperimentalDebugInfo
message NodeDef.ExperimentalDebugInfo
    original_node_names 1 repeated string, original_func_names 2 repeated string

file tensorflow/core/framework/function.proto
import tensorflow/core/framework/attr_value.proto
import tensorflow/core/framework/node_def.proto
import tensorflow/core/framework/op_def.proto
message FunctionDefLibrary
    function 1 repeated FunctionDef, gradient 2 repeated GradientDef
message FunctionDef
    signature 1 OpDef, attr 5 {string: AttrValue}, arg_attr 7 {uint32: ArgAttrs},
    node_def 3 repeated NodeDef, ret 4 {string: string}, control_ret 6 {string: string}
message FunctionDef.ArgAttrs
    attr 1 {string: AttrValue}
message GradientDef
    function_name 1 string, gradient_func 2 string

file tensorflow/core/framework/graph.proto
import tensorflow/core/framework/node_def.proto
import tensorflow/core/framework/function.proto
import tensorflow/core/framework/versions.proto
message GraphDef
    node 1 repeated NodeDef, versions 4 VersionDef, version 3 int32, library 2 FunctionDefLibrary

file tensorflow/core/framework/variable.proto
enum VariableSynchronization
    VARIABLE_SYNCHRONIZATION_AUTO 0, VARIABLE_SYNCHRONIZATION_NONE 1,
    VARIABLE_SYNCHRONIZATION_ON_WRITE 2, VARIABLE_SYNCHRONIZATION_ON_READ 3
enum VariableAggregation
    VARIABLE_AGGREGATION_NONE 0, VARIABLE_AGGREGATION_SUM 1, VARIABLE_AGGREGATION_MEAN 2,
    VARIABLE_AGGREGATION_ONLY_FIRST_REPLICA 3
message VariableDef
    variable_name 1 string, initial_value_name 6 string, initializer_name 2 string,
    snapshot_name 3 string, save_slice_info_def 4 SaveSliceInfoDef, is_resource 5 bool,
    trainable 7 bool, synchronization 8 VariableSynchronization, aggregation 9 VariableAggregation
message SaveSliceInfoDef
    full_name 1 string, full_shape 2 repeated int64, var_offset 3 repeated int64,
    var_shape 4 repeated int64

file tensorflow/core/protobuf/control_flow.proto
message ValuesDef
    values 1 repeated string, external_values 2 {string: string}
message ControlFlowContextDef
    oneof ctxt: cond_ctxt 1 CondContextDef, while_ctxt 2 WhileContextDef
message CondContextDef
    context_name 1 string, pred_name 2 string, pivot_name 3 string, branch 4 int32,
    values_def 5 ValuesDef, nested_contexts 6 repeated ControlFlowContextDef
message WhileContextDef
    context_name 1 string, parallel_iterations 2 int32, back_prop 3 bool, swap_memory 4 bool,
    pivot_name 5 string, pivot_for_pred_name 6 string, pivot_for_body_name 7 string,
    loop_exit_names 8 repeated string, loop_enter_names 10 repeated string,
    values_def 9 ValuesDef, maximum_iterations_name 11 string,
    nested_contexts 12 repeated ControlFlowContextDef

file tensorflow/core/lib/core/error_codes.proto
package tensorflow.error
enum Code
    OK 0, CANCELLED 1, UNKNOWN 2, INVALID_ARGUMENT 3, DEADLINE_EXCEEDED 4, NOT_FOUND 5,
    ALREADY_EXISTS 6, PERMISSION_DENIED 7, UNAUTHENTICATED 16, RESOURCE_EXHAUSTED 8,
    FAILED_PRECONDITION 9, ABORTED 10, OUT_OF_RANGE 11, UNIMPLEMENTED 12, INTERNAL 13,
    UNAVAILABLE 14, DATA_LOSS 15,
    DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_ 20

file tensorflow/core/protobuf/queue_runner.proto
import tensorflow/core/lib/core/error_codes.proto
message QueueRunnerDef
    queue_name 1 string, enqueue_op_name 2 repeated string, close_op_name 3 string,
    cancel_op_name 4 string, queue_closed_exception_types 5 repeated error.Code

file tensorflow/core/protobuf/named_tensor.proto
import tensorflow/core/framework/tensor.proto
message NamedTensorProto
    name 1 string, tensor 2 TensorProto
"""
