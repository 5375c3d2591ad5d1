"""What TensorFlow calls the outputs of ops, where tidefall's declarations call them otherwise.

Only the nodes of functions name the outputs they read; elsewhere outputs go by number.
"""

from __future__ import annotations

_TABLE = """
elem: StackPopV2
flow_out: TensorArrayScatterV3 TensorArraySplitV3 TensorArrayWriteV3
handle: StackV2
index: Where
is_initialized: IsVariableInitialized VarIsInitializedOp
offset: ConcatOffset
out: Complex
output_ref: StridedSliceAssign
r0: BroadcastArgs
size: TensorArraySizeV3
value: TensorArrayGatherV3 TensorArrayReadV3
y: Abs Acos Acosh Asin Asinh Atan Atanh BesselI0e BesselI1e Cast Ceil ComplexAbs
  ConjugateTranspose Cos Cosh Digamma Erf Erfc Exp Expm1 Floor Inv Invert InvertPermutation
  IsFinite IsInf IsNan Lgamma Log Log1p LogicalNot Neg OnesLike PopulationCount Reciprocal Rint
  Round Rsqrt Sigmoid Sign Sin Sinh Sqrt Square Tan Tanh Transpose ZerosLike
z: Add AddV2 ApproximateEqual Atan2 Betainc BitwiseAnd BitwiseOr BitwiseXor Div DivNoNan Equal
  FloorDiv FloorMod Greater GreaterEqual Igamma IgammaGradA Igammac InvGrad LeftShift Less
  LessEqual LogicalAnd LogicalOr Maximum Minimum Mod Mul MulNoNan NotEqual Polygamma Pow RealDiv
  ReciprocalGrad RightShift RsqrtGrad SigmoidGrad SqrtGrad SquaredDifference Sub TanhGrad
  TruncateDiv TruncateMod Xdivy Xlogy Zeta
"""


def _read() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    names: tuple[str, ...] = ()
    for word in _TABLE.split():
        if word.endswith(":"):
            names = tuple(word[:-1].split(","))
        else:
            table[word] = names
    return table


#: The names of an op type's outputs.
OUTPUT_NAMES = _read()
