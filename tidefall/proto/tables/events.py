"""Summaries and event files for TensorBoard; ``Example`` records."""

TABLE = """
file tensorflow/core/framework/summary.proto
import tensorflow/core/framework/tensor.proto
message SummaryDescription
    type_hint 1 string
message HistogramProto
    min 1 double, max 2 double, num 3 double, sum 4 double, sum_squares 5 double,
    bucket_limit 6 repeated double, bucket 7 repeated double
message SummaryMetadata
    plugin_data 1 PluginData, display_name 2 string, summary_description 3 string
message SummaryMetadata.PluginData
    plugin_name 1 string, content 2 bytes
message Summary
    value 1 repeated Value
message Summary.Image
    height 1 int32, width 2 int32, colorspace 3 int32, encoded_image_string 4 bytes
message Summary.Audio
    sample_rate 1 float, num_channels 2 int64, length_frames 3 int64,
    encoded_audio_string 4 bytes, content_type 5 string
message Summary.Value
    node_name 7 string, tag 1 string, metadata 9 SummaryMetadata;
    oneof value: simple_value 2 float, obsolete_old_style_histogram 3 bytes,
    image 4 Summary.Image, histo 5 HistogramProto, audio 6 Summary.Audio, tensor 8 TensorProto

file tensorflow/core/util/event.proto
import tensorflow/core/framework/summary.proto
enum WorkerHealth
    OK 0, RECEIVED_SHUTDOWN_SIGNAL 1, INTERNAL_ERROR 2, SHUTTING_DOWN 3
enum WorkerShutdownMode
    DEFAULT 0, NOT_CONFIGURED 1, WAIT_FOR_COORDINATOR 2, SHUTDOWN_AFTER_TIMEOUT 3
message Event
    wall_time 1 double, step 2 int64; oneof what: file_version 3 string, graph_def 4 bytes,
    summary 5 Summary, log_message 6 LogMessage, session_log 7 SessionLog,
    tagged_run_metadata 8 TaggedRunMetadata, meta_graph_def 9 bytes
message LogMessage
    level 1 Level, message 2 string
enum LogMessage.Level
    UNKNOWN 0, DEBUGGING 10, INFO 20, WARN 30, ERROR 40, FATAL 50
message SessionLog
    status 1 SessionStatus, checkpoint_path 2 string, msg 3 string
enum SessionLog.SessionStatus
    STATUS_UNSPECIFIED 0, START 1, STOP 2, CHECKPOINT 3
message TaggedRunMetadata
    tag 1 string, run_metadata 2 bytes
message WatchdogConfig
    timeout_ms 1 int64
message WorkerHeartbeatRequest
    shutdown_mode 1 WorkerShutdownMode, watchdog_config 2 WatchdogConfig
message WorkerHeartbeatResponse
    health_status 1 WorkerHealth, worker_log 2 repeated Event, hostname 3 string

file tensorflow/core/example/feature.proto
message BytesList
    value 1 repeated bytes
message FloatList
    value 1 repeated float
message Int64List
    value 1 repeated int64
message Feature
    oneof kind: bytes_list 1 BytesList, float_list 2 FloatList, int64_list 3 Int64List
message Features
    feature 1 {string: Feature}
message FeatureList
    feature 1 repeated Feature
message FeatureLists
    feature_list 1 {string: FeatureList}

file tensorflow/core/example/example.proto
import tensorflow/core/example/feature.proto
message Example
    features 1 Features
message SequenceExample
    context 1 Features, feature_lists 2 FeatureLists

file tensorflow/core/example/example_parser_configuration.proto
import tensorflow/core/framework/tensor_shape.proto
import tensorflow/core/framework/tensor.proto
import tensorflow/core/framework/types.proto
message VarLenFeatureProto
    dtype 1 DataType, values_output_tensor_name 2 string, indices_output_tensor_name 3 string,
    shapes_output_tensor_name 4 string
message FixedLenFeatureProto
    dtype 1 DataType, shape 2 TensorShapeProto, default_value 3 TensorProto,
    values_output_tensor_name 4 string
message FeatureConfiguration
    oneof config: fixed_len_feature 1 FixedLenFeatureProto, var_len_feature 2 VarLenFeatureProto
message ExampleParserConfiguration
    feature_map 1 {string: FeatureConfiguration}

file tensorflow/contrib/tensorboard/plugins/projector/projector_config.proto
message SpriteMetadata
    image_path 1 string, single_image_dim 2 repeated uint32
message EmbeddingInfo
    tensor_name 1 string, metadata_path 2 string, bookmarks_path 3 string,
    tensor_shape 4 repeated uint32, sprite 5 SpriteMetadata, tensor_path 6 string
message ProjectorConfig
    model_checkpoint_path 1 string, embeddings 2 repeated EmbeddingInfo,
    model_checkpoint_dir 3 string
"""
