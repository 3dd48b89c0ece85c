"""What PromQL expressions ask for."""

from collections.abc import Iterator
from typing import Any

import promql_parser


def asked(expression: str) -> set[str]:
    """Return the names of the series that an expression asks for; one that cannot be parsed raises `ValueError`."""
    return set(_selectors(promql_parser.parse(expression)))


def _selectors(expr: Any) -> Iterator[str]:
    match expr:
        case promql_parser.VectorSelector():
            yield str(expr.name)
        case promql_parser.MatrixSelector():
            yield str(expr.vector_selector.name)
        case promql_parser.BinaryExpr():
            yield from _selectors(expr.lhs)
            yield from _selectors(expr.rhs)
        case promql_parser.Call():
            for argument in expr.args:
                yield from _selectors(argument)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            pass
        case _:
            yield from _selectors(expr.expr)
