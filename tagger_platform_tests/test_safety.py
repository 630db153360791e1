"""What no file of ours may do: unpickle, build SQL from what came from outside, start a shell. And pip-audit's word."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import audit
from tagger_platform_tests.journeys.processes import tell
from tagger_platform_tests.sql_text import SqlText

ROOT = Path(__file__).parent.parent
OURS = sorted(path for folder in ("tagger_platform", "streamlit_app") for path in (ROOT / folder).rglob("*.py"))
UNPICKLING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOADS_ANYTHING = {"torch.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "os.system", "os.popen"}
REVIEWED = {
    ("store/database.py", "sql"): "the text of a migration of ours",
    ("store/retention.py", "f'DELETE FROM {table} WHERE {is_old}'"): "a name that is no key of IS_OLD raises before",
    (
        "store/retention.py",
        "f\"SELECT DISTINCT date_trunc('day', started_at) + INTERVAL 1 DAY AS day FROM {table} WHERE {IS_OLD[table]}"
        ' ORDER BY day"',
    ): "the same",
    (
        "store/copies.py",
        "f'SELECT count(*), sum(hash(t)) FROM \"{quoted}\" AS t'",
    ): "the store's own tables, as DuckDB lists them",
    ("store/upkeep.py", "f'SELECT count(*) FROM {_quoted(name)}.{_quoted(table)}'"): "the same",
    ("store/upkeep.py", "f'COPY FROM DATABASE {_quoted(name)} TO draft'"): "the name that DuckDB gave the open file",
    ("store/upkeep.py", "f\"ATTACH '{file}' AS draft\""): "a path of ours, quoted; ATTACH takes no parameter",
    (
        "store/export.py",
        "f\"EXPORT DATABASE '{place}' (FORMAT {kind})\"",
    ): "a path of ours, quoted, and one of three words; EXPORT takes no parameter",
    ("defs/history.py", "table.delete().where(table.c.run_id == run_id)"): "built by SQLAlchemy, with a parameter",
    ("store/writes.py", "f'{verb} INTO {table} VALUES {places}{returned}'"): "callers name their table by a constant",
}
"""Statements that are not put together from constants in sight, and why they are safe."""


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in OURS:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {name.name.partition(".")[0] for name in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def test_nothing_unpickles_or_loads_code():
    for name, tree in trees():
        for node in ast.walk(tree):
            assert not imported(node) & UNPICKLING, f"{name}:{node.lineno}"
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                named = {word.arg: word.value for word in node.keywords}
                where = f"{name}:{node.lineno} {called}"
                assert called not in LOADS_ANYTHING, where
                assert called not in ("eval", "exec", "compile", "__import__"), where
                assert "allow_pickle" not in named, where  # NumPy's own default is False
                assert "shell" not in named, where


def test_sql_is_made_of_constants_and_all_values_are_parameters():
    odd = {}
    for name, tree in trees():
        for line, text in SqlText(tree).made_of_more_than_constants():
            odd[name.removeprefix("tagger_platform/"), text] = line
    assert odd.keys() <= REVIEWED.keys(), odd


@pytest.mark.parametrize(
    "code",
    [
        'def f(c, name): c.execute(f"SELECT * FROM tracks WHERE title = {name}")',
        'def f(c, name): c.execute("SELECT * FROM tracks WHERE title = \'" + name + "\'")',
        'def f(c, name): c.execute("SELECT %s" % name)',
        'def f(c, name): c.execute("SELECT {}".format(name))',
        'def f(c, name):\n rest = f"WHERE {name}"\n c.execute(f"SELECT 1 {rest}")',
        'def f(c, name): _g(c, f"WHERE {name}")\ndef _g(c, rest): c.execute(f"SELECT 1 {rest}")',
        "def f(c, names): c.execute(f\"SELECT {', '.join(names)}\")",
        'def f(c, names): c.executemany(f"DELETE FROM {names[0]}", [])',
    ],
)
def test_sql_that_holds_what_came_from_outside_is_found(code: str):
    assert list(SqlText(ast.parse(code)).made_of_more_than_constants())


@pytest.mark.parametrize(
    "code",
    [
        'def f(c, name): c.execute("SELECT 1 WHERE title = ?", [name])',
        'T = "tracks"\ndef f(c, name): c.execute(f"DELETE FROM {T} WHERE title = ?", [name])',
        'C = ("a", "b")\ndef f(c): c.execute(f"SELECT {\', \'.join(C)} FROM tracks")',
        "def f(c, ids): c.execute(f\"SELECT 1 WHERE id IN ({', '.join(['?'] * len(ids))})\", ids)",
        'def f(c, last):\n rest = "LIMIT 1" if last else ""\n c.execute("SELECT 1 " + rest)',
        'def f(c): _g(c, "WHERE 1")\ndef _g(c, rest): c.execute(f"SELECT 1 {rest}")',
        'A = {"windows": "ended_at"}\ndef f(c, table): c.execute(f"SELECT {A[table]}")',
    ],
)
def test_sql_of_constants_is_let_through(code: str):
    assert not list(SqlText(ast.parse(code)).made_of_more_than_constants())


def test_what_a_command_writes_is_for_its_own_user(tmp_path: Path):
    """Also what the processes write that it starts: they inherit the umask."""
    environ = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tagger_platform", "library", "list"]
    subprocess.run(command, env=environ, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    written = list((tmp_path / "data").rglob("*"))
    assert written
    assert [path for path in (tmp_path / "data", *written) if path.stat().st_mode & 0o077] == []


def audited(folder: Path, answer: str, *, exit_code: int = 0) -> tuple[str, ...]:
    (folder / "answer").write_text(answer)
    return ("sh", "-c", f"cat {folder}/answer; echo 'ConnectionError: no network' >&2; exit {exit_code}")


def test_a_known_vulnerability_fails_the_audit_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    flaw = {"id": "PYSEC-2026-1", "fix_versions": ["1.2"]}
    answer = {"dependencies": [{"name": "a", "version": "1.1", "vulns": [flaw]}, {"name": "b", "skip_reason": "ours"}]}
    assert audit.main(audited(tmp_path, json.dumps(answer), exit_code=1)) == 1
    assert "a 1.1: PYSEC-2026-1, mended by 1.2" in capsys.readouterr().out


def test_without_a_network_the_audit_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert audit.main(audited(tmp_path, "", exit_code=1)) == 0
    assert "could not ask" in capsys.readouterr().out
    assert audit.main(("sleep", "60"), patience_s=0.1) == 0
    assert "no answer within" in capsys.readouterr().out


def test_no_installed_package_has_a_known_vulnerability(capsys: pytest.CaptureFixture[str]):
    code = audit.main()
    told = capsys.readouterr().out
    assert code == 0, told
    with capsys.disabled():
        tell(f"audit: {told.strip()}")
