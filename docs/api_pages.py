"""Writes the reference: one page for each namespace of ``tf``, from the table of public names."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring

FOLDER = Path(__file__).resolve().parent / "api"


def public_names() -> dict[str, Any]:
    """Dotted name (without ``tf.``) to object, for all that ``import tidefall`` offers."""
    import tidefall
    from tidefall.core import exports

    assert tidefall.__version__
    return dict(exports.TABLE)


def parameters(thing: Any) -> str:
    """The signature as TensorFlow's users see it: an op's kernel without namespace and context."""
    kernel = getattr(thing, "kernel", None)
    try:
        signature = inspect.signature(kernel or thing)
    except (TypeError, ValueError):
        return "(...)"
    shown = [
        p.replace(annotation=p.empty, kind=p.POSITIONAL_OR_KEYWORD if kernel else p.kind)
        for p in signature.parameters.values()
        if p.name not in ("xp", "run", "self")
    ]
    text = ", ".join(str(p) for p in shown)
    return f"({text}, name=None)" if kernel else f"({text})"


def documentation(thing: Any) -> str:
    return inspect.cleandoc(getattr(thing, "doc", None) or getattr(thing, "__doc__", None) or "")


def entry(name: str, thing: Any) -> Iterator[str]:
    """The reStructuredText of one name."""
    is_class = inspect.isclass(thing)
    if is_class or callable(thing):
        yield f".. py:{'class' if is_class else 'function'}:: tf.{name}{parameters(thing)}"
        text = documentation(thing)
    else:
        yield f".. py:data:: tf.{name}"
        text = ""
    yield "   :no-index:" if name.startswith("_") else ""
    yield ""
    lines = str(GoogleDocstring(text, Config(napoleon_use_rtype=False))).splitlines()
    yield from ("   " + line for line in lines)
    yield ""


def write_pages(app: Sphinx) -> None:
    pages: dict[str, list[str]] = defaultdict(list)
    for name in sorted(public_names(), key=str.lower):
        pages[".".join(["tf", *name.split(".")[:-1]])].append(name)
    FOLDER.mkdir(exist_ok=True)
    names = public_names()
    for page, listed in pages.items():
        lines = [page, "=" * len(page), ""]
        for name in listed:
            lines += entry(name, names[name])
        (FOLDER / f"{page}.rst").write_text("\n".join(lines) + "\n", encoding="utf-8")
    toc = ["Reference", "=========", "", ".. toctree::", "   :maxdepth: 1", ""]
    toc += [f"   {page}" for page in sorted(pages)]
    (FOLDER / "index.rst").write_text("\n".join(toc) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
