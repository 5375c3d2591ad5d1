"""Tables of what was measured, for the terminal and for a Markdown file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks import bars
from benchmarks.once import MEASURES
from benchmarks.process import Report, failed

Cell = Callable[[Report], str]


def _seconds(*keys: str) -> Cell:
    return lambda r: " / ".join(f"{r[key]:.3g}" for key in keys if key in r)


def _ratio(report: Report) -> str:
    return f" ({report['ratio']:.2f})" if "ratio" in report else ""


def _cold(r: Report) -> str:
    return f"{r['first_s']:.2f}{_ratio(r)} / {r['tenth_s']:.2f}"


def _first(r: Report) -> str:
    return f"{r['init_ms']:.1f} + {r['step_ms']:.1f}{_ratio(r)}"


def _ragged(r: Report) -> str:
    return f"{r['s']:.3f}{_ratio(r)}; {r['again_us']:.0f}"


def _graph(r: Report) -> str:
    parts = _seconds("build_s", "grad_s", "first_run_s")(r)
    return f"{parts}; {r['run_ms']:.1f}; {r['mb']:.0f}"


def _build(r: Report) -> str:
    return f"{r['s']:.3f}; {r['cpu_s']:.2f}; {r['bytes_per_node']:.0f}"


def _rows(r: Report) -> str:
    return f"{r['rows_per_s']:.0f}"


# What a cell of each once-per-process measurement says.
ONCE_CELLS: dict[str, tuple[str, Cell]] = {
    "import": ("s (ratio); CPU s", lambda r: f"{r['s']:.3f}{_ratio(r)}; {r['cpu_s']:.2f}"),
    "cold": ("step 1 (ratio) / step 10, s", _cold),
    "first": ("initializer + step 1, ms (ratio)", _first),
    "ragged": ("s (ratio); again, us a step", _ragged),
    "graph": ("build / gradients / first run, s; a run, ms; MB", _graph),
    "build": ("s; CPU s; bytes a node", _build),
    "growth": ("MB after the runs / the graphs", _seconds("runs_mb", "graphs_mb")),
    "memory": ("MB after import / at the peak", _seconds("imported_mb", "peak_mb")),
    "size": ("packages; MB", lambda r: f"{r['packages']}; {r['mb']:.0f}"),
    "pipe_queue": ("rows/s", _rows),
    "pipe_text": ("rows/s", _rows),
    "pipe_slices": ("rows/s", _rows),
}


def cell(report: Report, show: Cell) -> str:
    if "error" in report:
        return "failed"
    if "na" in report or not report:
        return "n/a"
    if not report.get("agrees", True):
        return show(report) + " DIFFERS"
    return show(report) + ("" if report.get("agrees_at_end", True) else " drifts")


def reason(report: Report) -> str:
    """Why there is no figure, in a few words."""
    text: str = report.get("error") or report.get("na") or ""
    return text[:100]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = ["| " + " | ".join(titles) + " |", "| --- " + "| --: " * (len(titles) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def steady_line(name: str, report: Report) -> str:
    """One provider's line while the benchmark runs."""
    if failed(report):
        return f"  {name:14} {cell(report, str)}: {reason(report)}"
    text = f"  {name:14} {report['us']:10.1f} us  x{report.get('ratio', 0):<7.2f}"
    text += f" fastest {report['min_us']:10.1f} us  x{report.get('min_ratio', 0):<7.2f}"
    text += f" CPU {report['cpu_us']:10.1f} us  first {1e3 * report['first_s']:8.1f} ms"
    return text + cell(report, lambda r: "")


def once_line(name: str, what: str, report: Report) -> str:
    why = f": {reason(report)}" if failed(report) else ""
    return f"  {name:14} {cell(report, ONCE_CELLS[what][1])}{why}"


def steady_tables(results: Report, providers: list[str]) -> list[str]:
    steady = results["steady"]
    kinds = [
        ("Median step, microseconds (ratio to the best peer)", "us", "ratio"),
        ("Fastest step, microseconds (ratio to the best peer's)", "min_us", "min_ratio"),
        ("CPU time of a step, all threads, microseconds", "cpu_us", "cpu_ratio"),
    ]
    texts = []
    for title, key, ratio in kinds:

        def show(r: Report, key: str = key, ratio: str = ratio) -> str:
            return f"{r[key]:.4g} ({r.get(ratio, 0):.2f})"

        rows = [
            [
                name,
                f"{block['limit_us']:.3g}",
                *(cell(block["results"][p], show) for p in providers),
            ]
            for name, block in steady.items()
        ]
        texts += [f"### {title}", table(["workload", "limit", *providers], rows)]
    return texts


def roofline_table(results: Report, providers: list[str]) -> str:
    """How many times the physical limit the fastest step took."""
    rows = []
    for name, block in results["steady"].items():
        limit = block["limit_us"]

        def show(r: Report, limit: float = limit) -> str:
            return f"{r['min_us'] / limit:.1f}"

        rows.append([name, *(cell(block["results"][p], show) for p in providers)])
    return table(["workload", *providers], rows)


def markdown(results: Report, own: str) -> str:
    """Everything that was measured, as one page."""
    providers = results["providers"]
    machine = results["machine"]
    parts = [
        "# Benchmark",
        f"{results['when']}, {results['cpu']} ({results['cpus']} cores), Python "
        f"{results['python']}, {results['rounds']} rounds, scale {results['scale']:g}"
        + (", OpenMP threads passive" if results["passive"] else "")
        + f". Load while measuring: {results['load']}.",
        "Versions: " + ", ".join(f"{k} {v}" for k, v in results["versions"].items()) + ".",
        f"Peaks ({machine['how']}): {machine['f64_gflops']:.0f} GFLOP/s float64, "
        f"{machine['f32_gflops']:.0f} float32, {machine['cached_gbs']:.0f} GB/s cached.",
    ]
    if results["steady"]:
        parts += ["## Steady", *steady_tables(results, providers)]
        parts += ["### Fastest step over the physical limit", roofline_table(results, providers)]
    if results["once"]:
        parts += ["## Once in a process", once_table(results, providers)]
    parts += ["## Bars", bars.table(results, own)]
    return "\n\n".join(parts) + "\n"


def once_table(results: Report, providers: list[str]) -> str:
    rows = [
        [
            f"{name}: {ONCE_CELLS[name][0]}",
            *(cell(found[p], ONCE_CELLS[name][1]) for p in providers),
        ]
        for name, found in results["once"].items()
    ]
    return table(["what", *providers], rows)


def title(what: str) -> str:
    return f"{what}: {(MEASURES[what].__doc__ or '').strip().splitlines()[0]}"
