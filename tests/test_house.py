"""The house rules that no linter knows: what an import may load, and that every module says its job."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "diffusers", "transformers", "accelerate")
PACKAGES = ("bot", "engine", "grammar", "playground", "pocket", "bench")


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize(
    "module", ["bot.program.cli", "bot.surface.client", "engine", "grammar", "playground"]
)
def test_importing_it_loads_no_torch(module: str) -> None:
    script = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_opens_with_its_job(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), f"{path} has no docstring"


def test_the_playground_knows_nothing_of_the_bot() -> None:
    for path in modules("playground"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"bot", "engine", "grammar"}, path


@pytest.mark.parametrize("package", ["grammar", "engine", "bot", "playground", "pocket"])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    graph = grimp.build_graph(package)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            back = graph.find_shortest_chain(imported, module)
            assert back is None, " → ".join((module, *back))


@pytest.mark.parametrize(
    "path", modules("grammar", "engine", "bot"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_an_import_inside_a_function_has_its_reason_beside_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for outer in ast.walk(ast.parse(text)):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(outer):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    assert "# for speed" in lines[node.lineno - 1], f"{path}:{node.lineno}"


@pytest.mark.parametrize(
    "path", modules("grammar", "engine", "bot", "playground"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_file_is_above_350_lines_and_no_class_above_20_methods(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            assert len(methods) <= 20, node.name


@pytest.mark.parametrize("name", ["bot.md", "engine.md", "architecture.md", "studio.md"])
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    tops = "bot|engine|grammar|playground|pocket|bench|tests|docs|migrations"
    named = set(re.findall(rf"`((?:{tops})/[\w./-]*|[\w/]+\.py)`", text))
    assert [
        path for path in sorted(named) if not (ROOT / path).exists() and not list(ROOT.glob(f"*/**/{path}"))
    ] == []


def test_listing_the_models_loads_no_discord() -> None:
    script = (
        "import sys; sys.argv = ['easel', 'models']\nfrom bot.program.cli import main\ntry: main()\n"
        "except SystemExit: pass\nprint('discord' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr
