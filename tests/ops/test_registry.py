"""What is said of every op: a case runs it, and its gradient is known, one way or the other."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.case import Case
from tidefall.ir.opdef import OPS, OpDef

#: Ops that no case in a table can run, and what tests them instead.
WITHOUT_CASE: dict[str, str] = {
    "Placeholder": "every case feeds one",
    "NoOp": "it has no value; every test that groups operations runs one",
    "PrintV2": "it has no value; its text is compared in tests/ops/test_printing.py",
    "ScalarSummary": "summaries are compared with TensorFlow's bytes: tests/summary",
    "HistogramSummary": "summaries are compared with TensorFlow's bytes: tests/summary",
    "ImageSummary": "summaries are compared with TensorFlow's bytes: tests/summary",
    "AudioSummaryV2": "summaries are compared with TensorFlow's bytes: tests/summary",
    "TensorSummaryV2": "summaries are compared with TensorFlow's bytes: tests/summary",
    "MergeSummary": "summaries are compared with TensorFlow's bytes: tests/summary",
    "RandomUniform": "draws other numbers in every run: test_random, test_oracle_random",
    "RandomUniformInt": "draws other numbers in every run: test_random, test_oracle_random",
    "RandomStandardNormal": "draws other numbers in every run: test_random, test_oracle_random",
    "TruncatedNormal": "draws other numbers in every run: test_random, test_oracle_random",
    "RandomShuffle": "draws other numbers in every run: test_random, test_oracle_random",
    "Multinomial": "draws other numbers in every run: test_random, test_oracle_random",
    "RandomGamma": "draws other numbers in every run: test_random, test_oracle_random",
    "RandomPoissonV2": "draws other numbers in every run: test_random, test_oracle_random",
}

#: Ops that make, read and change variables.
_ON_VARIABLES = """
VariableV2 Variable VarHandleOp IsVariableInitialized VarIsInitializedOp ReadVariableOp
VariableShape ResourceGather ResourceGatherNd
""".split()
_CHANGING_VARIABLES = [name for name, op in OPS.items() if op.updates]
for _name in (*_ON_VARIABLES, *_CHANGING_VARIABLES):
    WITHOUT_CASE[_name] = "variables have state: tests/variables, tests/train, test_training"

#: Ops that loops and branches are made of.
_FLOW = """
Switch Merge Enter Exit NextIteration LoopCond ControlTrigger RefSwitch RefMerge RefEnter RefExit
RefNextIteration StackV2 StackPushV2 StackPopV2
""".split()
for _name in (*_FLOW, *[name for name in OPS if name.startswith("TensorArray")]):
    WITHOUT_CASE[_name] = "a plan runs them together: tests/flow"

#: Ops of pipelines, which are run together.
_PIPELINES = """
IteratorV2 OneShotIterator MakeIterator IteratorGetNext IteratorGetNextSync
IteratorGetNextAsOptional IteratorToStringHandle IteratorFromStringHandleV2 SerializeIterator
DeserializeIterator DatasetToSingleElement DatasetCardinality DatasetToTFRecord OptionalFromValue
OptionalNone OptionalHasValue OptionalGetValue BatchDatasetV2 PaddedBatchDatasetV2
ParallelInterleaveDatasetV2 FixedLengthRecordDatasetV2
""".split()
for _name in (*_PIPELINES, *[name for name in OPS if name.endswith("Dataset")]):
    WITHOUT_CASE[_name] = "an iterator runs the whole pipeline: tests/data"

#: Parts of the names of ops that share state between runs.
_SHARING = {
    "Queue": "test_queues, tests/state, tests/train",
    "Reader": "test_old_handles, tests/io",
    "Accumulator": "test_accumulators",
    "Barrier": "test_barriers",
    "Stage": "test_staging",
    "Unstage": "test_staging",
    "TensorsMap": "tests/train/test_batching",
    "MapPeek": "test_staging",
    "MapSize": "test_staging",
    "MapIncompleteSize": "test_staging",
    "MapClear": "test_staging",
}
for _name in OPS:
    for _part, _where in _SHARING.items():
        if _part in _name:
            WITHOUT_CASE[_name] = f"it shares state between runs: {_where}"

#: Ops on files and on readers of files.
_ON_FILES = """
FixedLengthRecordReaderV2 IdentityReaderV2 MatchingFiles ReadFile ReaderNumRecordsProducedV2
ReaderNumWorkUnitsCompletedV2 ReaderReadUpToV2 ReaderReadV2 ReaderResetV2 ReaderRestoreStateV2
ReaderSerializeStateV2 TFRecordReaderV2 TextLineReaderV2 WholeFileReaderV2 WriteFile
""".split()
for _name in _ON_FILES:
    WITHOUT_CASE[_name] = "they need files, and readers have state: tests/io/test_readers.py"

for _name in ("ParseSingleSequenceExample", "ParseSequenceExample"):
    WITHOUT_CASE[_name] = "their results are compared with TensorFlow's: test_parsing.py"

for _name in ("SerializeSparse", "SerializeManySparse", "DeserializeManySparse"):
    WITHOUT_CASE[_name] = "strings that only another one of them reads: test_sparse_math.py"
WITHOUT_CASE["RecordInput"] = "it needs files, and goes on in each run: test_record_input.py"
WITHOUT_CASE["DeserializeSparse"] = (
    "sparse tensors travel by it: tests/data/test_sparse_elements.py"
)

HERE = Path(__file__).parent


def _cases() -> Iterator[Case]:
    """The cases of every table in this folder."""
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.ops.{path.stem}")
        yield from getattr(module, "CASES", ())


@pytest.fixture(scope="module")
def types_in_cases() -> set[str]:
    """The op types that some case runs."""
    return {each for case in _cases() for each in case.types()}


def test_every_op_has_a_case(types_in_cases: set[str]) -> None:
    missing = sorted(set(OPS) - types_in_cases - set(WITHOUT_CASE))
    assert not missing, (
        f"no case runs {', '.join(missing)}. Add one to the table of the op's family in tests/ops, "
        "or say in WITHOUT_CASE what tests it."
    )


def test_the_list_of_ops_without_a_case_is_up_to_date(types_in_cases: set[str]) -> None:
    assert not [name for name in WITHOUT_CASE if name in types_in_cases and name != "Placeholder"]


def test_every_op_has_a_gradient_or_says_that_it_has_none() -> None:
    silent = sorted(name for name, op in OPS.items() if _differentiates(op) and _is_silent(op))
    assert not silent, (
        f"{', '.join(silent)}: give each a gradient with @<op>.gradient, or say "
        "differentiable=False."
    )


def _is_silent(op: OpDef) -> bool:
    return op.gradient_rule is None and op.differentiable


def _differentiates(op: OpDef) -> bool:
    """Whether the question of a gradient arises: a float may go in, and the op has no state."""
    if op.stateful or op.updates:
        return False
    for arg in op.inputs:
        if arg.type_list_attr is not None:
            return True
        if arg.dtype is not None:
            if arg.dtype.is_floating or arg.dtype.is_complex:
                return True
            continue
        allowed = op.attrs[arg.type_attr or ""].allowed
        if allowed is None or any(each.is_floating or each.is_complex for each in allowed):
            return True
    return False


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_is_described(name: str) -> None:
    assert (OPS[name].doc or "").strip(), f"{name} has no docstring"
