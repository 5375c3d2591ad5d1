"""`tf.data.Options`: how datasets are to be run."""

from __future__ import annotations

from typing import Any, ClassVar

from tidefall.core.exports import export


class _Settings:
    """Named settings, each None until it is set.

    Attributes:
      names: The names of the settings, and their defaults.
    """

    names: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        for name, default in cls.names.items():
            setattr(cls, name, None if callable(default) else default)

    def __init__(self) -> None:
        for name, default in self.names.items():
            object.__setattr__(self, name, default() if callable(default) else default)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.names:
            raise AttributeError(
                f"{type(self).__name__} has no setting '{name}'; it has {', '.join(self.names)}."
            )
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def merged(self, other: _Settings) -> Any:
        """These settings, with those of ``other`` where it has set some."""
        result = type(self)()
        for name, default in self.names.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, _Settings):
                object.__setattr__(result, name, mine.merged(theirs))
            else:
                unset = default() if callable(default) else default
                object.__setattr__(result, name, mine if theirs == unset else theirs)
        return result


@export("data.experimental.MapVectorizationOptions")
class MapVectorizationOptions(_Settings):
    """How functions of elements are turned into functions of batches."""

    names: ClassVar[dict[str, Any]] = {"enabled": None, "use_choose_fastest": None}


@export("data.experimental.OptimizationOptions")
class OptimizationOptions(_Settings):
    """Which rewrites of a pipeline may be made. They never change results here."""

    autotune: Any
    names: ClassVar[dict[str, Any]] = {
        "apply_default_optimizations": None,
        "autotune": None,
        "autotune_algorithm": None,
        "autotune_buffers": None,
        "autotune_cpu_budget": None,
        "filter_fusion": None,
        "filter_with_random_uniform_fusion": None,
        "hoist_random_uniform": None,
        "map_and_batch_fusion": None,
        "map_and_filter_fusion": None,
        "map_fusion": None,
        "map_parallelization": None,
        "map_vectorization": MapVectorizationOptions,
        "noop_elimination": None,
        "parallel_batch": None,
        "shuffle_and_repeat_fusion": None,
    }

    def enabled(self) -> list[str]:
        """The names of the rewrites that are asked for, in TensorFlow's order."""
        chosen = {
            name for name in self.names if getattr(self, name) is True and name not in _NOT_REWRITES
        }
        if self.map_vectorization.enabled is True:  # type: ignore[attr-defined]
            chosen.add("map_vectorization")
        if self.apply_default_optimizations is not False:  # type: ignore[attr-defined]
            chosen |= {name for name in _DEFAULT if getattr(self, name) is not False}
        return sorted(chosen)


_NOT_REWRITES = {"apply_default_optimizations", "autotune", "autotune_buffers"}
_DEFAULT = ("map_and_batch_fusion", "noop_elimination", "shuffle_and_repeat_fusion")


@export("data.experimental.ThreadingOptions")
class ThreadingOptions(_Settings):
    """How many threads a dataset may use."""

    max_intra_op_parallelism: Any
    private_threadpool_size: Any
    names: ClassVar[dict[str, Any]] = {
        "max_intra_op_parallelism": None,
        "private_threadpool_size": None,
    }


@export("data.experimental.StatsOptions")
class StatsOptions(_Settings):
    """What is recorded while a dataset runs."""

    names: ClassVar[dict[str, Any]] = {
        "aggregator": None,
        "counter_prefix": "",
        "latency_all_edges": None,
        "prefix": "",
    }


@export("data.experimental.DistributeOptions")
class DistributeOptions(_Settings):
    """How a dataset is shared out among workers."""

    names: ClassVar[dict[str, Any]] = {"auto_shard": True, "num_devices": None}


@export("data.Options")
class Options(_Settings):
    """How a dataset is to be run; given to `Dataset.with_options`."""

    names: ClassVar[dict[str, Any]] = {
        "experimental_deterministic": None,
        "experimental_distribute": DistributeOptions,
        "experimental_optimization": OptimizationOptions,
        "experimental_slack": None,
        "experimental_stateful_whitelist": None,
        "experimental_stats": StatsOptions,
        "experimental_threading": ThreadingOptions,
    }

    experimental_optimization: OptimizationOptions
    experimental_threading: ThreadingOptions

    def merge(self, options: Options) -> Options:
        """These options, with those of ``options`` where it has set some."""
        return self.merged(options)  # type: ignore[no-any-return]

    def rewrites(self) -> list[str]:
        """The names of the rewrites that TensorFlow would make."""
        names = list(self.experimental_optimization.enabled())
        if self.experimental_deterministic is False:  # type: ignore[attr-defined]
            names.append("make_sloppy")
        if self.experimental_slack:  # type: ignore[attr-defined]
            names.append("slack")
        return names
