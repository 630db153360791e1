"""Finds SQL that is put together from anything but constants, by reading the code.

What belongs here: following a statement's text back to where it comes from, within one module. What does not: judging
what was found (`test_safety`). It errs on the safe side: what it cannot follow is not a constant.
"""

import ast
from collections.abc import Iterator

SINKS = {"execute", "executemany", "executescript", "sql"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Seen = frozenset[tuple[str, str]]
NUMBERS = {"len", "int", "sum"}
SAME = {"sorted", "list", "tuple", "reversed", "set"}
"""Functions whose answer holds what they were given, and nothing else."""


class SqlText:
    """The statements of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
        self._calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        self._inside = {child: owner for owner in self._functions.values() for child in ast.walk(owner)}

    def made_of_more_than_constants(self) -> Iterator[tuple[int, str]]:
        """Line and text of every such statement."""
        for call in self._calls:
            runs = isinstance(call.func, ast.Attribute) and call.func.attr in SINKS and call.args
            if runs and not self._constant(call.args[0], frozenset()):
                yield call.lineno, ast.unparse(call.args[0])

    def _constant(self, node: ast.expr | None, seen: Seen) -> bool:
        """Whether all text in `node` stands in this module; `seen` are names that are being followed already."""
        match node:
            case None | ast.Constant():
                return True
            case ast.JoinedStr(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
                return all(self._constant(part, seen) for part in parts)
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value="d")])):
                return True
            case ast.FormattedValue(value=inner) | ast.Starred(value=inner) | ast.Subscript(value=inner):
                return self._constant(inner, seen)
            case ast.BinOp(left=left, op=ast.Mult()):
                return self._constant(left, seen)
            case ast.BinOp(left=left, right=right):
                return self._constant(left, seen) and self._constant(right, seen)
            case ast.IfExp(body=one, orelse=other):
                return self._constant(one, seen) and self._constant(other, seen)
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) | ast.SetComp(elt=element):
                return self._constant(element, seen)
            case ast.Call():
                return self._call(node, seen)
            case ast.Attribute(attr=name):
                return name.isupper()
            case ast.Name(id=name):
                return name.isupper() or self._name(node, seen)
        return False

    def _call(self, call: ast.Call, seen: Seen) -> bool:
        given = [*call.args, *(word.value for word in call.keywords)]
        match call.func:
            case ast.Name(id=name) if name in NUMBERS:
                return True
            case ast.Name(id=name) if name in SAME:
                return all(self._constant(one, seen) for one in given)
            case ast.Name(id="map"):
                return all(self._constant(one, seen) for one in given[1:])
            case ast.Attribute(value=text, attr="join" | "format" | "replace"):
                return self._constant(text, seen) and all(self._constant(one, seen) for one in given)
        return False

    def _name(self, name: ast.Name, seen: Seen) -> bool:
        """A local name: constant where everything is that it can stand for."""
        owner = self._inside.get(name)
        if owner is None:
            return False
        if (owner.name, name.id) in seen:  # it is put together from itself: that adds nothing
            return True
        seen |= {(owner.name, name.id)}
        sources = list(_sources(owner, name.id))
        positions = [argument.arg for argument in owner.args.args]
        if name.id in positions or name.id in [argument.arg for argument in owner.args.kwonlyargs]:
            if not owner.name.startswith("_"):
                return False
            sources += self._given(owner, name.id, positions)
        return bool(sources) and all(self._constant(source, seen) for source in sources)

    def _given(self, owner: Function, name: str, positions: list[str]) -> list[ast.expr]:
        """What callers within the module pass as `name` to a private function."""
        given = []
        for call in self._calls:
            if ast.unparse(call.func).rpartition(".")[2] == owner.name:
                bound = positions[1:] if isinstance(call.func, ast.Attribute) else positions
                given += [value for key, value in zip(bound, call.args, strict=False) if key == name]
                given += [word.value for word in call.keywords if word.arg == name]
        return given


def _sources(owner: Function, name: str) -> Iterator[ast.expr]:
    """What is assigned to `name` in the function, also by loops and comprehensions."""
    for node in ast.walk(owner):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _matching(target, value, name)
            case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield from _matching(target, value, name)


def _matching(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple):
        pairs = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for number, part in enumerate(target.elts):
            if isinstance(part, ast.Name) and part.id == name:
                yield pairs[number] if pairs else value
