"""Source to code that says how far it has come.

Each function body, each round of a loop and each item of a comprehension begins with a call of ``STEP``; sums, products
and powers, with which a value can grow beyond all bounds in one step, go through functions named by ``OPERATE``. No source
uses such names by accident. Line numbers stay, so tracebacks do. Counting nodes of the syntax tree rather than
Python's own trace events gives the same duration on every version of Python.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from types import CodeType

STEP, OPERATE = "__cwlab_step__", "__cwlab_{}__"
TAKE, SPREAD = OPERATE.format("Take"), OPERATE.format("Spread")
# What takes all of something in one step of Python's own: list(range(10 ** 10)).
WHOLE = frozenset(
    [
        "all",
        "any",
        "bytearray",
        "bytes",
        "dict",
        "frozenset",
        "list",
        "max",
        "min",
        "set",
        "sorted",
        "sum",
        "tuple",
    ]
)
ROUND = 6  # steps of going round once, or of being called
_GROWING = (ast.Add, ast.Mult, ast.Pow, ast.LShift)
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.For, ast.AsyncFor, ast.While, ast.ClassDef)


@lru_cache(maxsize=64)
def compiled(source: str, filename: str) -> CodeType:
    """The code of a module.

    Raises:
        SyntaxError: as Python's compiler says it.
        ValueError, RecursionError, MemoryError: the source holds what the compiler cannot take.
    """
    tree = _Instrument().visit(ast.parse(source, filename))
    return compile(ast.fix_missing_locations(tree), filename, "exec", dont_inherit=True)


def _weight(nodes: list[ast.stmt]) -> int:
    """How many steps a block is, without what loops or is called inside it."""
    count, todo = ROUND, list[ast.AST](nodes)
    while todo:
        node = todo.pop()
        count += isinstance(node, ast.expr | ast.stmt)
        if not isinstance(node, _NESTED):
            todo.extend(ast.iter_child_nodes(node))
    return count


def _step(weight: int, at: ast.AST) -> ast.Call:
    call = ast.Call(ast.Name(STEP, ast.Load()), [ast.Constant(weight)], [])
    return ast.copy_location(call, at)


class _Instrument(ast.NodeTransformer):
    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        step = ast.copy_location(ast.Expr(_step(_weight(body), body[0])), body[0])
        done = [self.visit(node) for node in body]
        return [step, *done]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        node.args = self.visit(node.args)
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(node.body) > 1:
            node.body = [first, *self._body(node.body[1:])]  # the docstring stays first
        elif not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
            node.body = self._body(node.body)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function  # noqa: N815 (ast's own way of naming)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        weight = 1 + sum(isinstance(each, ast.expr) for each in ast.walk(node.body))
        node.args = self.visit(node.args)
        body = self.visit(node.body)
        node.body = ast.copy_location(ast.BoolOp(ast.And(), [_step(weight, node.body), body]), node.body)
        return node

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> ast.AST:
        if isinstance(node, ast.While):
            node.test = self.visit(node.test)
        else:
            node.iter = self.visit(node.iter)
        node.body = self._body(node.body)
        node.orelse = [self.visit(each) for each in node.orelse]
        return node

    visit_For = visit_AsyncFor = visit_While = _loop  # noqa: N815 (the same)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs.insert(0, _step(4, node.iter))
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, _GROWING):
            return node
        name = OPERATE.format(type(node.op).__name__)
        call = ast.Call(ast.Name(name, ast.Load()), [node.left, node.right], [])
        return ast.copy_location(call, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in WHOLE and node.args:
            call = ast.Call(ast.Name(TAKE, ast.Load()), [node.func, *node.args], node.keywords)
            return ast.copy_location(call, node)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = ast.copy_location(
                ast.Call(ast.Name(SPREAD, ast.Load()), [node.value], []), node.value
            )
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, _GROWING) and isinstance(node.target, ast.Name):
            # The right side asks first whether the result would fit; the assignment itself stays Python's own.
            name = OPERATE.format("I" + type(node.op).__name__)
            target = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            call = ast.Call(ast.Name(name, ast.Load()), [target, node.value], [])
            node.value = ast.copy_location(call, node.value)
        return node
