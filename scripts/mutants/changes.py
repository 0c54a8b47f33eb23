"""Mutants of a module: cosmic-ray's small changes, and three more, wherever they change what the module does.

Left out is what cannot change it: annotations (never evaluated in this project), imports for type checking, and
decorators, which hold the manuals of rules and impacts. Of cosmic-ray's operators those are left out that nearly always
end in a TypeError, such as `+` to `**`: they would only flatter the tests.
"""

from __future__ import annotations

import ast
import os
import re
from typing import TYPE_CHECKING, NamedTuple

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators import binary_operator_replacement as binary
from cosmic_ray.operators import boolean_replacer as boolean
from cosmic_ray.operators import break_continue, exception_replacer, number_replacer, zero_iteration_for_loop
from cosmic_ray.operators import comparison_operator_replacement as comparison
from cosmic_ray.operators import unary_operator_replacement as unary
from cosmic_ray.operators.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = re.compile(r"[A-Z]{2}\d{3}")
COMPARED = ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")
COMPARED += ("Lt_GtE", "GtE_Lt", "Gt_LtE", "LtE_Gt")
COMBINED = ("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Mod_Mul", "BitOr_BitAnd", "BitAnd_BitOr")


class Never(Operator):
    """`if condition` becomes `if False`: a guard is taken away."""

    def mutation_positions(self, node):  # noqa: ANN001, ANN201   # cosmic-ray has no types
        """The condition of an if, an elif, a ternary, or a comprehension."""
        for index in _conditions(node):
            yield node.children[index].start_pos, node.children[index].end_pos

    def mutate(self, node, index):  # noqa: ANN001, ANN201   # same
        """The node with one of its conditions replaced."""
        node.children[_conditions(node)[index]] = parso.parse(" False")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: cosmic-ray's own tests read them."""
        return ()


class ReturnInverted(Operator):
    """`return x` becomes `return not (x)` in a function that answers yes or no."""

    def mutation_positions(self, node):  # noqa: ANN001, ANN201   # same
        """The value that is returned."""
        if node.type == "return_stmt" and _answers(node):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node, index):  # noqa: ANN001, ANN201, ARG002   # same
        """The statement with its value inverted."""
        node.children[1] = parso.parse(f" not ({node.children[1].get_code().strip()})")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: cosmic-ray's own tests read them."""
        return ()


class Membership(Operator):
    """`in` becomes `not in`, and the other way about."""

    def mutation_positions(self, node):  # noqa: ANN001, ANN201   # same
        """The operator of a comparison."""
        if node.type == "comparison" and _membership(node.children[1]):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node, index):  # noqa: ANN001, ANN201, ARG002   # same
        """The comparison with the other operator."""
        node.children[1] = parso.parse(" not in" if _membership(node.children[1]) == "in" else " in")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: cosmic-ray's own tests read them."""
        return ()


def _conditions(node) -> list[int]:  # noqa: ANN001   # same
    """The indices of a node's conditions."""
    if node.type == "if_stmt":
        words = enumerate(node.children)
        return [index + 1 for index, word in words if getattr(word, "value", "") in ("if", "elif")]
    if node.type in ("comp_if", "sync_comp_if"):
        return [1]
    return [2] if node.type in ("test", "ternary") and node.children[1].get_code().strip() == "if" else []


def _answers(node) -> bool:  # noqa: ANN001   # same
    function = node.parent
    while function is not None and function.type != "funcdef":
        function = function.parent
    return function is not None and function.annotation is not None and function.annotation.get_code().strip() == "bool"


def _membership(node) -> str:  # noqa: ANN001   # same
    word = " ".join(node.get_code().split())
    return word if word in ("in", "not in") else ""


OPERATORS: dict[str, Operator] = {
    "condition inverted": boolean.AddNot(),
    "condition never": Never(),
    "answer inverted": ReturnInverted(),
    "in and not in": Membership(),
    "and to or": boolean.ReplaceAndWithOr(),
    "or to and": boolean.ReplaceOrWithAnd(),
    "True to False": boolean.ReplaceTrueWithFalse(),
    "False to True": boolean.ReplaceFalseWithTrue(),
    "number": number_replacer.NumberReplacer(),
    "not taken away": unary.ReplaceUnaryOperator_Delete_Not(),
    "minus taken away": unary.ReplaceUnaryOperator_Delete_USub(),
    "break to continue": break_continue.ReplaceBreakWithContinue(),
    "continue to break": break_continue.ReplaceContinueWithBreak(),
    "exception": exception_replacer.ExceptionReplacer(),
    "no iteration": zero_iteration_for_loop.ZeroIterationForLoop(),
    **{name: getattr(comparison, f"ReplaceComparisonOperator_{name}")() for name in COMPARED},
    **{name: getattr(binary, f"ReplaceBinaryOperator_{name}")() for name in COMBINED},
}


class Mutant(NamedTuple):
    """One change: `occurrence` of an operator in a file.

    `first` and `last` are the lines of the statement that it stands in, `body` those of the function around; `codes`
    are the ids in its decorators (a rule's or an impact's), which tests have in their names.
    """

    file: str
    line: int
    column: int
    operator: str
    occurrence: int
    first: int
    last: int
    body: tuple[int, int]
    codes: tuple[str, ...]

    def source(self) -> str:
        """The text of the module with the change; empty if it is the same program, or none."""
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        made = mutate_code(text, OPERATORS[self.operator], self.occurrence) or text
        try:
            return made if ast.dump(ast.parse(made)) != ast.dump(ast.parse(text)) else ""
        except SyntaxError:
            return ""

    def shown(self, root: str) -> str:
        """Where it is and what it does, on three lines."""
        with open(self.file, encoding="utf-8") as file:
            before = file.read().splitlines()
        after = self.source().splitlines()
        old = [line for line in before[self.first - 1 : self.last] if line not in after[self.first - 1 : self.last]]
        new = [line for line in after[self.first - 1 : self.last] if line not in before[self.first - 1 : self.last]]
        place = f"{os.path.relpath(self.file, root)}:{self.line} {self.operator}"
        return "\n".join([place, *(f"  - {line.strip()}" for line in old), *(f"  + {line.strip()}" for line in new)])


def mutants(path: str) -> Iterator[Mutant]:
    """Every mutant of a module, by operator and place."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tree = ast.parse(text)
    left_out = list(_left_out(tree))
    statements = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    functions = {(node.lineno, node.end_lineno or node.lineno): node for node in bodies}
    for name, operator in OPERATORS.items():
        places = (place for node in ast_nodes(get_ast(text)) for place in operator.mutation_positions(node))
        for occurrence, ((line, column), _) in enumerate(places):
            if any(start <= (line, column) < end for start, end in left_out):
                continue
            body = _around(list(functions), line)
            codes = tuple(_codes(functions[body])) if body in functions else ()
            yield Mutant(path, line, column, name, occurrence, *_around(statements, line), body, codes)


def _codes(function: ast.FunctionDef) -> Iterator[str]:
    """The ids in a function's decorators."""
    for decorator in function.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                yield node.value


def _around(spans: list[tuple[int, int]], line: int) -> tuple[int, int]:
    """The shortest of the spans that a line is in; the line itself if it is in none."""
    around = [span for span in spans if span[0] <= line <= span[1]]
    return min(around, key=lambda span: span[1] - span[0], default=(line, line))


def _left_out(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where nothing is changed."""
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts += node.decorator_list
        if isinstance(node, ast.FunctionDef):
            parts.append(node.returns)
        if isinstance(node, ast.arg | ast.AnnAssign):
            parts.append(node.annotation)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts.append(node)
        for part in parts:
            if isinstance(part, ast.expr | ast.stmt):
                yield (part.lineno, part.col_offset), (part.end_lineno or 0, part.end_col_offset or 0)
