"""The texts that the pages' code holds: those it looks up, and those it shows without.

What belongs here: reading code. What does not: the catalogues, tests.
"""

import ast
import re
from collections.abc import Iterator

TRANSLATORS = {"_", "ngettext"}
DRAWS_NOTHING = {"log", "asked"}
"""Of which `error` and `text` are no widgets: a logger, and the parameters of the address."""
SHOWN = frozenset(
    {
        *("badge", "button", "caption", "checkbox", "download_button", "echarts_chart", "error", "expander", "header"),
        *("file_uploader", "form_submit_button", "html", "info", "link_button", "markdown", "metric", "multiselect"),
        *("number_input", "Page", "page_link", "pills", "popover", "progress", "radio", "segmented_control", "slider"),
        *("select_slider", "selectbox", "spinner", "status", "subheader", "success", "tabs", "text", "text_area"),
        *("text_input", "time_input", "date_input", "title", "toast", "toggle", "warning", "write", "audio_input"),
        *("camera_input", "dialog", "TextColumn", "NumberColumn", "LinkColumn", "ImageColumn", "ProgressColumn"),
        *("DateColumn", "TimeColumn", "DatetimeColumn", "ListColumn", "BarChartColumn", "LineChartColumn"),
    }
)
"""Streamlit's functions that show the texts they are given."""
OUR_OWN = frozenset({"empty", "Figure", "Rate", "track_list"})
"""Ours that do."""
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
"""Words one after the other: no name of anything has such."""
TEXTS = frozenset({"label", "body", "help", "placeholder", "title", "text", "display_text", "alt", "caption", "value"})
"""Their parameters that are shown."""


def looked_up(tree: ast.AST) -> Iterator[str]:
    """The texts that a module asks the catalogues for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TRANSLATORS:
            yield from (one.value for one in _ids(node) if isinstance(one, ast.Constant))


def _ids(call: ast.Call) -> list[ast.expr]:
    """What a translator looks up: one text, or one and many."""
    return call.args[: 1 if ast.unparse(call.func) == "_" else 2]


def bare_sentences(node: ast.AST) -> Iterator[str]:
    """Sentences that are written down anywhere but in docstrings, for the log, or to be looked up."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = _plain(_unfilled(node))
        yield from [text] if SENTENCE.search(text) else []
    inside = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.JoinedStr):
        inside = [one for one in inside if not isinstance(one, ast.Constant)]
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in TRANSLATORS:
        inside = [*node.args[2:], *node.keywords]
    elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
        inside = []
    for one in inside:
        yield from bare_sentences(one)


def _unfilled(node: ast.Constant | ast.JoinedStr) -> str:
    """A text with its places empty."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_unfilled(one) if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return node.value if isinstance(node.value, str) else ""


def bare_texts(tree: ast.AST) -> Iterator[str]:
    """Literal texts among what Streamlit shows, heads of tables, and what a catalogue cannot hold."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in TRANSLATORS:
                yield from (ast.unparse(one) for one in _ids(node) if not isinstance(one, ast.Constant))
            elif name in OUR_OWN or (
                name in SHOWN
                and isinstance(node.func, ast.Attribute)
                and ast.unparse(node.func.value) not in DRAWS_NOTHING
            ):
                given = [*node.args[:2], *(one.value for one in node.keywords if one.arg in TEXTS)]
                yield from (text for one in given for text in _literals(one) if _is_text(text))
        elif isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            yield from (key for key in keys if key.istitle() and _is_text(key))


def _literals(node: ast.AST) -> Iterator[str]:
    """The literals that `node` can come out as: not those it only compares with, looks up by or translates."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (text for one in node.values for text in _literals(one))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        yield from (*_literals(node.left), *_literals(node.right))
    elif isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (text for one in node.values for text in _literals(one))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from _literals(node.func.value)


def _is_text(text: str) -> bool:
    """Letters that are not markup, an icon or a file's name."""
    plain = _plain(text)
    return any(map(str.isalpha, plain)) and not plain.startswith((":material/", ":root"))


def _plain(text: str) -> str:
    """Without markup; the last tag may go on in another text."""
    return re.sub(r"<[^>]*>?", "", text)
