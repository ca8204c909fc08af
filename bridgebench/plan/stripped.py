"""A module as far as it computes: its syntax tree less what is said of the code.

Comments, docstrings, citations, the descriptions of options, the texts of errors, imports for type
checkers, and imports that only these use go. What is left is spelled in a form of our own: that of
`ast.unparse` and `ast.dump` differs between versions of Python, and the hash of a row must not.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CITATION = frozenset({"citation", "paper", "license", "family"})
"""Class attributes that say where a plugin is from and decide no number."""

_UNSAID = frozenset({"ctx", "kind", "type_comment"})
"""Fields of the tree that follow from the others, or that compute nothing."""


@dataclass(frozen=True)
class ModuleCode:
    """A module as far as it computes.

    sha256     of its stripped syntax tree
    imports    dotted names that it imports: modules, or names in modules
    reexports  of a package, name -> dotted name that it passes on and does not use
    """

    sha256: str
    imports: frozenset[str]
    reexports: Mapping[str, str] = field(default_factory=dict)


def module_code(name: str, path: Path, content: bytes) -> ModuleCode:
    """What is computed in a file; one that is no Python source counts byte for byte.

    >>> said = b"x = 1  # one"
    >>> done = module_code("step", Path("step.py"), said).sha256
    >>> done == module_code("step", Path("step.py"), b"x = 1").sha256
    True
    """
    if path.suffix != ".py":
        return ModuleCode(hashlib.sha256(content).hexdigest(), frozenset())
    is_package = path.name == "__init__.py"
    package = name if is_package else name.rpartition(".")[0]
    tree = _stripped(ast.parse(content))
    reexports: dict[str, str] = {}
    if is_package:
        reexports = _reexports(tree, package)
        tree = _DropImports(frozenset(reexports)).visit(tree)
        tree.body = [each for each in tree.body if _assigned(each) != {"__all__"}]
    sha256 = hashlib.sha256(_spelled(tree).encode()).hexdigest()
    return ModuleCode(sha256, frozenset(dict(_imported(tree, package)).values()), reexports)


def _stripped(tree: ast.Module) -> ast.Module:
    used = _used(tree)
    tree = _Strip().visit(tree)
    stripped: ast.Module = _DropImports(frozenset(used - _used(tree))).visit(tree)
    return stripped


def _used(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _spelled(node: object) -> str:
    """The tree as text, the same from every version of Python that has its kinds of node."""
    if isinstance(node, list):
        return f"[{','.join(map(_spelled, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (
        f"{name}={_spelled(value)}"
        for name, value in ast.iter_fields(node)
        if name not in _UNSAID and value is not None and value != []
    )
    return f"{type(node).__name__}({','.join(fields)})"


def _reexports(tree: ast.Module, package: str) -> dict[str, str]:
    """Names that a package imports from elsewhere and does not use itself."""
    used = _used(tree)
    froms = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    found = dict(_imported(ast.Module(list(froms), []), package))
    return {name: at for name, at in found.items() if name not in used and name != "*"}


def _imported(tree: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """Name in the module, and what it is bound to; in functions, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            inner = [*(base if node.level else []), *([node.module] if node.module else [])]
            for alias in node.names:
                yield alias.asname or alias.name, ".".join([*inner, alias.name])


class _Strip(ast.NodeTransformer):
    """Takes out of a syntax tree what computes nothing."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """No docstrings, of attributes either."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """No citations."""
        node.body = [each for each in node.body if not _assigned(each) & CITATION]
        return self._not_empty(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function of a docstring alone stays one."""
        return self._not_empty(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """A function of a docstring alone stays one."""
        return self._not_empty(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.AST]:
        """Of what type checkers see, only what a run sees: the other branch."""
        if _last_name(node.test) == "TYPE_CHECKING":
            return [self.visit(each) for each in node.orelse]
        return self._not_empty(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """How annotations are kept computes nothing."""
        return None if node.module == "__future__" else node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """No texts of errors; what else an error carries may be computed with."""
        if isinstance(node.exc, ast.Call):
            node.exc.args = [each for each in node.exc.args if not _is_text(each)]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """No descriptions of options."""
        if _last_name(node.func) == "Field":
            node.keywords = [each for each in node.keywords if each.arg != "description"]
        return self.generic_visit(node)

    def _not_empty(self, node: ast.AST) -> ast.AST:
        visited = self.generic_visit(node)
        body: list[ast.stmt] = vars(visited)["body"]
        if not body:
            body.append(ast.Pass())
        return visited


class _DropImports(ast.NodeTransformer):
    """Takes some names out of the imports from modules, wherever they stand."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """The other names."""
        left = [alias for alias in node.names if (alias.asname or alias.name) not in self._names]
        return ast.ImportFrom(node.module, left, node.level) if left else None


def _assigned(node: ast.stmt) -> set[str]:
    """The names that a statement assigns."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _last_name(node: ast.expr) -> str:
    """`x` of x and of a.x."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    """Whether an expression is a text as it stands, with or without values in it."""
    if isinstance(node, ast.BinOp | ast.IfExp):
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.body, node.orelse)
        return all(map(_is_text, sides))
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return plain or isinstance(node, ast.JoinedStr)
