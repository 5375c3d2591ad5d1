"""The TensorFlow 1.x graph programming model, for today's Python.

A program builds a static graph of operations, feeds placeholders, keeps its parameters in
variables, and runs any part of the graph in a session.
"""

from __future__ import annotations

import sys as _sys
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from tidefall import namespace as _namespace
from tidefall.client import app as _app
from tidefall.client import coordinator as _coordinator
from tidefall.client import devices as _devices
from tidefall.client import gradient_checker as _gradient_checker
from tidefall.client import session as _session
from tidefall.contrib import bucketing as _length_buckets
from tidefall.contrib import datasets as _contrib_datasets
from tidefall.contrib import regularizers as _regularizers
from tidefall.core import compat as _compat
from tidefall.core import exports as _exports
from tidefall.core import logging as _logging
from tidefall.data import bucketing as _bucketing
from tidefall.data import csv_tables as _csv_tables
from tidefall.data import experimental as _data_experimental
from tidefall.data import features as _features
from tidefall.data import file_datasets as _file_datasets
from tidefall.data import hep as _hep
from tidefall.data import iterator as _iterator
from tidefall.data import iterator_resource as _iterator_resource
from tidefall.data import measured as _measured
from tidefall.data import optionals as _optionals
from tidefall.data import resampling as _resampling
from tidefall.data import sampling as _sampling
from tidefall.data import sparse_batches as _sparse_batches
from tidefall.data import sparse_spec as _sparse_spec
from tidefall.data import sql as _sql
from tidefall.data import transfers as _transfers
from tidefall.executor import draws as _draws
from tidefall.executor import functions as _functions
from tidefall.flow import assertion as _assertion
from tidefall.flow import case as _case
from tidefall.flow import cond as _cond
from tidefall.flow import decode_image as _decode_image
from tidefall.flow import functional as _functional
from tidefall.flow import hessians as _hessians
from tidefall.flow import loop_gradients as _loop_gradients
from tidefall.flow import while_loop as _while_loop
from tidefall.gradients import custom_gradient as _custom_gradient
from tidefall.gradients import walk as _walk
from tidefall.io import gfile as _gfile
from tidefall.io import gfile_object as _gfile_object
from tidefall.io import graph_def as _graph_def
from tidefall.io import graph_util as _graph_util
from tidefall.io import images as _images
from tidefall.io import import_graph as _import_graph
from tidefall.io import meta_graph as _meta_graph
from tidefall.io import op_def as _op_def
from tidefall.io import readers as _readers_of_files
from tidefall.io import records as _records
from tidefall.io import serialized as _serialized
from tidefall.io import shuffled_records as _shuffled_records
from tidefall.io import whole_files as _whole_files
from tidefall.ir import with_blocks as _with_blocks
from tidefall.losses import collected as _collected
from tidefall.ops import accumulators as _accumulators
from tidefall.ops import activations as _activations
from tidefall.ops import argmax as _argmax
from tidefall.ops import barriers as _barriers
from tidefall.ops import bitcast as _bitcast
from tidefall.ops import bitwise as _bitwise
from tidefall.ops import blocks as _blocks
from tidefall.ops import check_shapes as _check_shapes
from tidefall.ops import checks as _checks
from tidefall.ops import clip as _clip
from tidefall.ops import confusion_matrix as _confusion_matrix
from tidefall.ops import cross_entropy as _cross_entropy
from tidefall.ops import csv as _csv
from tidefall.ops import cumulative as _cumulative
from tidefall.ops import decoding as _decoding
from tidefall.ops import dropout as _dropout
from tidefall.ops import einsum as _einsum
from tidefall.ops import embedding as _embedding
from tidefall.ops import embedding_sparse as _embedding_sparse
from tidefall.ops import files as _files
from tidefall.ops import filled as _filled
from tidefall.ops import gather as _gather
from tidefall.ops import gather_nd as _gather_nd
from tidefall.ops import histogram as _histogram
from tidefall.ops import image_files as _image_files
from tidefall.ops import joining as _joining
from tidefall.ops import math as _math
from tidefall.ops import matrix_functions as _matrix_functions
from tidefall.ops import moments as _moments
from tidefall.ops import nn as _nn
from tidefall.ops import numerics as _numerics
from tidefall.ops import old_handles as _old_handles
from tidefall.ops import one_hot as _one_hot
from tidefall.ops import operators as _operators
from tidefall.ops import padding as _padding
from tidefall.ops import parse_functions as _parse_functions
from tidefall.ops import partition as _partition
from tidefall.ops import placeholders as _placeholders
from tidefall.ops import printing as _printing
from tidefall.ops import protos as _protos
from tidefall.ops import pseudoinverse as _pseudoinverse
from tidefall.ops import py_func as _py_func
from tidefall.ops import queues as _queues
from tidefall.ops import random as _random
from tidefall.ops import random_crop as _random_crop
from tidefall.ops import random_rejection as _random_rejection
from tidefall.ops import random_stateless as _random_stateless
from tidefall.ops import readers as _readers
from tidefall.ops import rearranging as _rearranging
from tidefall.ops import record_input as _record_input
from tidefall.ops import reduce as _reduce
from tidefall.ops import repeating as _repeating
from tidefall.ops import segment as _segment
from tidefall.ops import sizes as _sizes
from tidefall.ops import slicing as _slicing
from tidefall.ops import softmax as _softmax
from tidefall.ops import solve as _solve
from tidefall.ops import sorting as _sorting
from tidefall.ops import sparse_cross as _sparse_cross
from tidefall.ops import sparse_dense as _sparse_dense
from tidefall.ops import sparse_layout as _sparse_layout
from tidefall.ops import sparse_mask as _sparse_mask
from tidefall.ops import sparse_math as _sparse_math
from tidefall.ops import sparse_parts as _sparse_parts
from tidefall.ops import sparse_reduce as _sparse_reduce
from tidefall.ops import sparse_segment as _sparse_segment
from tidefall.ops import sparse_serialized as _sparse_serialized
from tidefall.ops import special as _special
from tidefall.ops import staging as _staging
from tidefall.ops import state as _state
from tidefall.ops import static_value as _static_value
from tidefall.ops import string_hashes as _string_hashes
from tidefall.ops import string_joining as _string_joining
from tidefall.ops import string_regex as _string_regex
from tidefall.ops import strings as _strings
from tidefall.ops import tensordot as _tensordot
from tidefall.ops import training as _training
from tidefall.ops import trigonometry as _trigonometry
from tidefall.ops import unicode as _unicode
from tidefall.ops import unique as _unique
from tidefall.ops import where as _where
from tidefall.proto import public as _messages
from tidefall.summary import reader as _reader
from tidefall.summary import summaries as _summaries
from tidefall.summary import writer as _writer
from tidefall.train import adadelta as _adadelta
from tidefall.train import adagrad as _adagrad
from tidefall.train import adagrad_da as _adagrad_da
from tidefall.train import adam as _adam
from tidefall.train import batching as _batching
from tidefall.train import ftrl as _ftrl
from tidefall.train import global_step as _global_step
from tidefall.train import gradient_descent as _gradient_descent
from tidefall.train import input_producers as _input_producers
from tidefall.train import learning_rates as _learning_rates
from tidefall.train import momentum as _momentum
from tidefall.train import moving_averages as _moving_averages
from tidefall.train import proximal_adagrad as _proximal_adagrad
from tidefall.train import proximal_gradient_descent as _proximal_gradient_descent
from tidefall.train import queue_runner as _queue_runner
from tidefall.train import rmsprop as _rmsprop
from tidefall.variables import assignment as _assignment
from tidefall.variables import creation as _creation
from tidefall.variables import initialization as _initialization
from tidefall.variables import partitioners as _partitioners
from tidefall.variables import scope as _scope
from tidefall.variables import template as _template

__version__ = "0.1.0"

_IMPORTED = (_session, _walk, _math, _nn, _state, _training, _adam)
_IMPORTED_IO = (_gfile, _gfile_object, _graph_def, _import_graph, _meta_graph, _op_def, _records)
_IMPORTED_MORE = (
    _app, _compat, _devices, _graph_util, _logging, _messages, _reader, _summaries, _writer,
)  # fmt: skip
_IMPORTED_GRAPH = (_with_blocks,)

_IMPORTED_ARITHMETIC = (
    _argmax,
    _bitwise,
    _cumulative,
    _operators,
    _reduce,
    _segment,
    _special,
    _trigonometry,
)
_IMPORTED_LINEAR = (_einsum, _histogram, _solve, _tensordot)
_IMPORTED_CHECKS = (
    _confusion_matrix,
    _gradient_checker,
    _matrix_functions,
    _pseudoinverse,
    _sparse_segment,
)
_IMPORTED_ARRANGED = (
    _activations, _bitcast, _blocks, _check_shapes, _checks, _clip, _cross_entropy,
    _custom_gradient, _dropout, _embedding, _filled, _gather, _gather_nd, _joining, _moments,
    _numerics, _one_hot, _padding, _partition, _placeholders, _printing, _py_func, _queues,
    _rearranging,
    _repeating, _sizes, _slicing, _softmax, _sorting, _static_value, _unique, _where,
)  # fmt: skip
_IMPORTED_QUEUES = (
    _accumulators, _barriers, _batching, _coordinator, _input_producers, _old_handles,
    _queue_runner, _staging,
)  # fmt: skip
_IMPORTED_FILES = (
    _csv, _decoding, _files, _protos, _record_input, _readers, _readers_of_files, _serialized,
    _shuffled_records, _whole_files,
)  # fmt: skip
_IMPORTED_SPARSE = (
    _embedding_sparse, _parse_functions, _sparse_cross, _sparse_dense, _sparse_layout, _sparse_math,
    _sparse_mask, _sparse_parts, _sparse_reduce, _sparse_serialized,
)  # fmt: skip
_IMPORTED_STRINGS = (_string_hashes, _string_joining, _string_regex, _strings, _unicode)
_IMPORTED_IMAGES = (_decode_image, _image_files, _images)
_IMPORTED_CONTRIB = (_contrib_datasets, _length_buckets, _regularizers)
_IMPORTED_DATA = (
    _csv_tables,
    _data_experimental,
    _hep,
    _file_datasets,
    _draws,
    _functions,
    _iterator,
    _iterator_resource,
    _bucketing,
    _features,
    _measured,
    _optionals,
    _resampling,
    _sampling,
    _sparse_batches,
    _sparse_spec,
    _sql,
    _transfers,
)
_IMPORTED_FLOW = (_assertion, _case, _cond, _functional, _hessians, _loop_gradients, _while_loop)
_IMPORTED_RANDOM = (_random, _random_crop, _random_rejection, _random_stateless)
_IMPORTED_VARIABLES = (
    _creation,
    _initialization,
    _scope,
    _assignment,
    _partitioners,
    _template,
    _adadelta,
    _adagrad,
    _adagrad_da,
    _ftrl,
    _gradient_descent,
    _momentum,
    _proximal_adagrad,
    _proximal_gradient_descent,
    _rmsprop,
    _global_step,
    _moving_averages,
    _learning_rates,
    _collected,
)

_namespace.build(_sys.modules[__name__], _exports.TABLE)

if _TYPE_CHECKING:  # public namespaces whose names are also those of folders
    contrib: _Any
    data: _Any
    gradients: _Any
    io: _Any
    losses: _Any
    summary: _Any
    train: _Any


def __getattr__(name: str) -> _Any:
    try:
        return _namespace.load(_sys.modules[__name__], "", name)
    except KeyError:
        raise AttributeError(f"tidefall has no tf.{name} yet.") from None
