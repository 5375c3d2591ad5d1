"""Which seeds a random op gets: the graph's, the op's own, and what they make together."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph

#: The graph-level seed that counts where only an op has one.
DEFAULT_GRAPH_SEED = 87654321

_MODULUS = 2**31 - 1


@export("get_seed", "random.get_seed")
def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seeds of a random op, as TensorFlow 1.15 derives them.

    Args:
      op_seed: The op's own seed, or None.

    Returns:
      A pair of seeds. ``(None, None)`` where neither the graph nor the op has one: then the
      numbers differ from session to session. Where only the graph has one, the op's seed is the
      number of nodes made so far, so that every op draws other numbers.
    """
    graph = get_default_graph()
    for seed in (graph.seed, op_seed):
        if isinstance(seed, (str, bytes)):
            raise TypeError(f"a seed is an integer or None, not {seed!r}.")
    if graph.seed is None:
        if op_seed is None:
            return None, None
        return DEFAULT_GRAPH_SEED, op_seed % _MODULUS
    own = graph._last_id if op_seed is None else op_seed
    seeds = graph.seed % _MODULUS, own % _MODULUS
    # A kernel takes (0, 0) for "no seeds".
    return (0, _MODULUS) if seeds == (0, 0) else seeds


def node_seeds(op_seed: int | None) -> dict[str, Any]:
    """The attributes ``seed`` and ``seed2`` of a random node."""
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}


@export("set_random_seed", "random.set_random_seed")
def set_random_seed(seed: int | None) -> None:
    """Sets the graph-level seed of the default graph; None takes it away.

    With it, every random op made from now on draws the same numbers in every session, each its
    own. An op's ``seed`` argument does the same for that op alone.
    """
    get_default_graph().seed = seed
