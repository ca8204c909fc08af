"""Hashes of the code that computes a number: what it does, not how it is documented.

A hash covers the modules that a plugin's module reaches by its imports, within its own package and
the core. Of each module it covers the syntax tree less comments, docstrings, citations, the
descriptions of options, the messages of errors, and imports for type checkers. So a corrected
comment keeps every finished row, and so does a change in a module that the row does not use.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from bridgebench.plan.code_cache import ModuleCode, read_cache, write_cache

CITATION = frozenset({"citation", "paper", "license", "family"})
"""Class attributes that say where a plugin is from and decide no number."""

RUNNER = (
    "bridgebench.execute.batches",
    "bridgebench.execute.cell",
    "bridgebench.execute.counting",
    "bridgebench.execute.sharing",
    "bridgebench.scoring",
)
"""The modules of the core through which every number goes."""

_ASIDE = (
    "bridgebench.api",
    "bridgebench.canonical",
    "bridgebench.errors",
    "bridgebench.execute.records",
    "bridgebench.execute.store",
    "bridgebench.hookspecs",
    "bridgebench.plan",
    "bridgebench.registry",
    "bridgebench.specs",
    "bridgebench.taskfile",
)
"""Modules of the core that decide what is computed, which a key names by value, or keep results."""


class CodeReader:
    """Reads the code of modules, each once."""

    def __init__(self) -> None:
        self._kept = read_cache()
        self._read: dict[str, ModuleCode | None] = {}

    def code_of(self, modules: Iterable[str]) -> dict[str, str]:
        """Top-level package -> sha256 of the code that some modules reach, with the core's own.

        >>> sorted(CodeReader().code_of(["bridgebench.spacing"]))
        ['bridgebench']
        """
        known = len(self._kept)
        packages: dict[str, dict[str, str]] = {}
        for name, module in self.reached((*modules, *RUNNER)).items():
            packages.setdefault(name.partition(".")[0], {})[name] = module.sha256
        if len(self._kept) > known:
            write_cache(self._kept)
        return {package: _digest(inner) for package, inner in sorted(packages.items())}

    def reached(self, roots: Iterable[str]) -> dict[str, ModuleCode]:
        """The modules that some import, directly or not, in their own packages or the core."""
        waiting = list(dict.fromkeys(roots))
        packages = {name.partition(".")[0] for name in (*waiting, *RUNNER)}
        found: dict[str, ModuleCode] = {}
        while waiting:
            name = waiting.pop()
            module = None if name in found or _is_aside(name) else self._module(name)
            if module is None:
                continue
            found[name] = module
            for imported in module.imports:
                if imported.partition(".")[0] in packages:
                    waiting += _modules_of(imported)
        return found

    def _module(self, name: str) -> ModuleCode | None:
        """A module by its dotted name; None without a file."""
        if name not in self._read:
            path = _path_of(name)
            self._read[name] = None if path is None else self._parsed_once(name, path)
        return self._read[name]

    def _parsed_once(self, name: str, path: Path) -> ModuleCode:
        content = path.read_bytes()
        key = hashlib.sha256(content + name.encode()).hexdigest()
        if key not in self._kept:
            self._kept[key] = _parsed(name, path, content)
        return self._kept[key]


def _is_aside(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in _ASIDE)


def _modules_of(imported: str) -> list[str]:
    """The modules behind an imported name: itself, or the one that it is defined in."""
    from bridgebench import _HOME_OF

    package, _, name = imported.rpartition(".")
    if package == "bridgebench" and name in _HOME_OF:
        return [_HOME_OF[name]]
    if _path_of(imported) is not None:
        return [imported]
    return [package] if package else []


@cache
def _path_of(name: str) -> Path | None:
    """The file of a module; None where there is no such module."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return Path(file) if file else None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin and spec.has_location else None


def _parsed(name: str, path: Path, content: bytes) -> ModuleCode:
    if path.suffix != ".py":
        return ModuleCode(hashlib.sha256(content).hexdigest(), frozenset())
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = _stripped(ast.parse(content), keep_imports=path.name == "__init__.py")
    text = ast.unparse(tree).encode()
    return ModuleCode(hashlib.sha256(text).hexdigest(), _imports(tree, package))


def _digest(modules: Mapping[str, str]) -> str:
    lines = "".join(f"{name}\0{sha}\n" for name, sha in sorted(modules.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def stripped_source(source: str) -> str:
    """The source less what computes nothing.

    >>> stripped_source('"Doc."\\nx = 1  # one\\nclass A:\\n    paper = "me"\\n    y: int = 2\\n')
    'x = 1\\n\\nclass A:\\n    y: int = 2'
    """
    return ast.unparse(_stripped(ast.parse(source), keep_imports=False))


def _stripped(tree: ast.Module, keep_imports: bool) -> ast.Module:
    stripped = _Strip().visit(tree)
    if not keep_imports:
        used = {node.id for node in ast.walk(stripped) if isinstance(node, ast.Name)}
        stripped = _DropUnused(used).visit(stripped)
    return ast.Module(stripped.body, [])


def _imports(tree: ast.Module, package: str) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            inner = [*(base if node.level else []), *([node.module] if node.module else [])]
            found |= {".".join([*inner, alias.name]) for alias in node.names}
    return frozenset(found)


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

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """No imports for type checkers."""
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return None
        return self._not_empty(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """No messages of errors."""
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """No descriptions of options."""
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [each for each in node.keywords if each.arg != "description"]
        return self.generic_visit(node)

    def _not_empty(self, node: ast.AST) -> ast.AST:
        visited = self.generic_visit(node)
        body: list[ast.stmt] = vars(visited)["body"]
        if not body:
            body.append(ast.Pass())
        return visited


class _DropUnused(ast.NodeTransformer):
    """Takes out imports that nothing uses once citations and annotations for checkers are gone."""

    def __init__(self, used: set[str]) -> None:
        self._used = used

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """The names that are used."""
        if node.module == "__future__":
            return None
        names = [alias for alias in node.names if (alias.asname or alias.name) in self._used]
        return ast.ImportFrom(node.module, names, node.level) if names else None


def _assigned(node: ast.stmt) -> set[str]:
    """The names that a statement assigns."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return {target.id for target in targets if isinstance(target, ast.Name)}
