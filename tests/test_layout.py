"""The house: four folders, their links and walls, and what every file of the code keeps to."""

from __future__ import annotations

import ast
import functools
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scalebook

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("corpus", "ingest", "analysis", "reports")
LINES = 320
FUNCTION_LINES = 50


def tracked() -> list[Path]:
    """Files that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(set(listed.stdout.splitlines())) if (ROOT / name).is_file()]


FILES = tracked()
TEXTS = [f for f in FILES if f.suffix not in (".parquet", ".png", ".pdf") and not f.is_symlink()]
PYTHON = [file for file in FILES if file.suffix == ".py"]
CODE = [f for f in PYTHON if f.relative_to(ROOT).parts[0] in (*FOLDERS, "src")]


def place(file: Path, node: ast.AST | int) -> str:
    """Where something is, as an editor opens it."""
    line = node if isinstance(node, int) else getattr(node, "lineno", 1)
    return f"{file.relative_to(ROOT)}:{line}"


@functools.cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    """Everything in the code, with its file."""
    return ((file, node) for file in CODE for node in ast.walk(tree(file)))


def fresh(code: str) -> list[str]:
    """What a new Python prints, line by line."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_all_code_is_looked_at() -> None:
    assert {f.relative_to(ROOT).parts[0] for f in CODE} == {*FOLDERS, "src"}
    assert ROOT / "analysis" / "study.py" in CODE
    assert ROOT / "README.md" in TEXTS


# links and walls


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_linked_into_the_package(name: str) -> None:
    link = ROOT / "src" / "scalebook" / name
    remedy = f"src/scalebook/{name} must be a link; say: git config core.symlinks true && git checkout -- src/scalebook"
    assert link.is_symlink(), remedy
    assert os.readlink(link) == f"../../{name}", "a link is relative, so that a clone can lie anywhere"
    assert link.resolve() == ROOT / name


def test_there_is_no_other_link_and_no_other_folder_of_code() -> None:
    links = {file for file in (ROOT / "src").rglob("*") if file.is_symlink()}
    assert {link.name for link in links} == set(FOLDERS)
    assert {f.relative_to(ROOT).parts[0] for f in PYTHON} == {*FOLDERS, "src", "tests"}


def test_inside_a_folder_imports_are_relative_and_stay_inside() -> None:
    wrong = []
    for file, node in nodes():
        top, *inner = file.relative_to(ROOT).parts
        if top == "src":
            continue
        if isinstance(node, ast.ImportFrom) and node.level > len(inner):
            wrong.append(f"{place(file, node)}: leaves {top}/ by a relative import")
        for module in absolute(node):
            if module.split(".")[:2] == ["scalebook", top]:
                wrong.append(f"{place(file, node)}: {module} is inside, so import it relatively")
    assert wrong == []


def absolute(node: ast.AST) -> list[str]:
    """Modules that a statement imports by their full name."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def test_across_folders_imports_are_absolute_and_go_one_way() -> None:
    allowed = {"corpus": (), "ingest": ("corpus",), "analysis": ("corpus",), "reports": ("analysis", "corpus")}
    wrong = []
    for file, node in nodes():
        top = file.relative_to(ROOT).parts[0]
        for module in absolute(node):
            first, second, *_ = [*module.split("."), "", ""]
            if first in FOLDERS:
                wrong.append(f"{place(file, node)}: import scalebook.{module}")
            if first == "scalebook" and top in allowed and second not in (*allowed[top], top):
                wrong.append(f"{place(file, node)}: {top}/ does not import {module}")
    assert wrong == []


# every file


#: Written so that they do not match themselves.
MACHINE = re.compile(r"(?<![\w.~$}/-])/(?:home|root|Users|work|mnt|private|opt/venv)/[\w.-]")
REGISTRY = re.compile(r"(?:--(?:extra-)?index" + r"-url|PIP_INDEX" + r"_URL|(?:pypi|pythonhosted)\.(?:org|internal))\b")


def test_no_file_names_a_machine_or_a_registry() -> None:
    wrong = []
    for file in TEXTS:
        text = file.read_text(encoding="utf-8")
        for found in (*MACHINE.finditer(text), *REGISTRY.finditer(text)):
            wrong.append(f"{place(file, text.count(chr(10), 0, found.start()) + 1)}: {found[0]}")
    assert wrong == []


def test_the_patterns_for_machines_and_registries_find_them() -> None:
    assert MACHINE.search("open('/" + "home/me/x')")
    assert MACHINE.search("root = /" + "mnt/main")
    assert not MACHINE.search("https://example.org/home/me and ../mnt/x and {folder}/home/x")
    assert REGISTRY.search("pip install --index" + "-url x")
    assert REGISTRY.search("https://pypi." + "org/simple")


def test_files_are_short() -> None:
    lengths = {place(f, 1): len(f.read_text(encoding="utf-8").splitlines()) for f in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > LINES} == {}


def test_functions_are_short() -> None:
    wrong = {}
    for file, node in nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            if lines > FUNCTION_LINES:
                wrong[f"{place(file, node)} {node.name}"] = lines
    assert wrong == {}


def test_no_error_is_swallowed() -> None:
    wrong = []
    for file, node in nodes():
        if isinstance(node, ast.ExceptHandler):
            caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"Exception"}
            last = node.body[-1]
            if caught & {"Exception", "BaseException"} and not (isinstance(last, ast.Raise) and last.exc is None):
                wrong.append(f"{place(file, node)}: catches everything and does not raise it again")
    assert wrong == []


def test_nothing_is_printed_or_forced() -> None:
    wrong = []
    for file, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            wrong.append(f"{place(file, node)}: print")
        if isinstance(node, ast.keyword | ast.arg) and node.arg == "force":
            wrong.append(f"{place(file, node)}: force")
    assert wrong == []


def test_what_is_public_says_what_it_is() -> None:
    wrong = []
    for file in CODE:
        inner = [node for c in tree(file).body if isinstance(c, ast.ClassDef) for node in c.body]
        for node in (tree(file), *tree(file).body, *inner):
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if (public or isinstance(node, ast.Module)) and not ast.get_docstring(node):  # type: ignore[arg-type]
                wrong.append(f"{place(file, node)}: {getattr(node, 'name', 'the file')}")
    assert wrong == []


# the front door


def test_the_public_names_are_few_and_each_is_there() -> None:
    assert 1 <= len(scalebook.__all__) <= 12
    assert list(scalebook.__all__) == sorted(scalebook.__all__) == dir(scalebook)
    for name in scalebook.__all__:
        assert getattr(scalebook, name) is not None
    with pytest.raises(AttributeError, match=r"scalebook has no 'fits'; it has fit, "):
        scalebook.fits  # noqa: B018


def test_a_public_name_is_imported_when_it_is_used() -> None:
    code = "import sys, scalebook; print(sorted(m for m in sys.modules if m.startswith('scalebook')))"
    assert fresh(code) == ["['scalebook']"]


def test_the_type_checker_sees_the_public_names() -> None:
    """The imports under TYPE_CHECKING and the table of homes say the same."""
    module = tree(ROOT / "src" / "scalebook" / "__init__.py")
    (block,) = [n for n in module.body if isinstance(n, ast.If)]
    typed = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    homes = {name: getattr(scalebook, name) for name in scalebook.__all__}
    assert set(typed) == set(homes)
    for name, module_name in typed.items():
        assert getattr(importlib.import_module(str(module_name)), name) is homes[name]


HEAVY = ("statsmodels", "scipy", "matplotlib", "pandas", "pyarrow", "joblib", "jinja2", "typst")
ASKED = {
    "import scalebook": "import scalebook",
    "--help": "--help",
    "sql --help": "sql --help",
    "sql": "sql|select count(*) from runs",
    "sql csv": "sql|select run from runs limit 1|--format|csv",
    "sql json": "sql|select run from runs limit 1|--format|json",
    "families": "families",
    "describe": "describe|runs",
}


@pytest.mark.parametrize("words", ASKED.values(), ids=list(ASKED))
def test_quick_commands_import_nothing_heavy(words: str) -> None:
    call = (
        "import scalebook" if words.startswith("import") else f"sys.argv = ['scalebook', *{words!r}.split('|')]; main()"
    )
    code = (
        "import sys, contextlib, io\nfrom scalebook.cli import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    {call}\n"
        f"print(*[m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert fresh(code) == [""]


def test_a_forecast_from_a_file_asks_no_database(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    rows = [(n, 20 * n * share) for n in (1e8, 2e8, 4e8, 8e8) for share in (0.5, 1.0)]
    lines = [f"{n:g},{n},{d},{1.7 + 400 * n**-0.34 + 410 * d**-0.28}" for n, d in rows]
    file.write_text("run,params,tokens,loss\n" + "\n".join(lines))
    code = (
        "import sys, contextlib, io\nfrom scalebook.cli import main\n"
        f"sys.argv = ['scalebook', 'predict', {str(file)!r}, '--params', '2e9', '--tokens', '4e10']\n"
        "with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):\n    main()\n"
        "print('low 90 %' in said.getvalue())\n"
        "print(*[m for m in ('duckdb', 'statsmodels', 'scipy', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    assert fresh(code) == ["True", ""]


@pytest.mark.parametrize("words", ["laws", "studies", "fit|--help", "study|--help", "report|guide|--help"])
def test_no_command_imports_a_plotting_state_or_statistics_to_say_what_it_does(words: str) -> None:
    code = (
        "import sys, contextlib, io\nfrom scalebook.cli import main\n"
        f"sys.argv = ['scalebook', *{words!r}.split('|')]\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main()\n"
        "print(*[m for m in ('statsmodels', 'scipy.stats', 'matplotlib', 'typst') if m in sys.modules])"
    )
    assert fresh(code) == [""]
