"""The house rules that imports cannot show: each unit has what its kind needs, facts stay out of code, conduct stays in."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
AUDITOR = ROOT / "auditor"


def modules(room: str) -> list[str]:
    return sorted(
        name for _, name, _ in pkgutil.iter_modules([str(AUDITOR / room)]) if not name.startswith("_")
    )


def sources(*rooms: str) -> Iterator[tuple[Path, str]]:
    for room in rooms or ("",):
        for path in sorted((AUDITOR / room).rglob("*.py")):
            if "_data" not in path.parts:
                yield path, path.read_text(encoding="utf-8")


def calls(tree: ast.AST, name: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) == name or getattr(node.func, "attr", None) == name)
    ]


@pytest.mark.parametrize("name", modules("probes"))
def test_a_probe_declares_what_its_kind_needs(name: str) -> None:
    probe = importlib.import_module(f"auditor.probes.{name}")
    assert probe.__doc__
    if not hasattr(probe, "FIELDS"):
        pytest.skip(f"{name} serves several probes and is no probe itself")
    assert probe.FIELDS
    assert probe.PROTOCOLS
    assert probe.ROUND in {1, 2, 3}
    assert isinstance(probe.PORTS, tuple)
    assert callable(probe.read)
    assert callable(probe.probe)


@pytest.mark.parametrize("name", modules("discovery"))
def test_a_discovery_method_declares_what_its_kind_needs(name: str) -> None:
    method = importlib.import_module(f"auditor.discovery.{name}")
    assert method.__doc__
    if not hasattr(method, "METHOD"):
        pytest.skip(f"{name} serves several methods and is none itself")
    assert callable(method.discover)


@pytest.mark.parametrize("name", modules("exports"))
def test_an_export_declares_what_its_kind_needs(name: str) -> None:
    export = importlib.import_module(f"auditor.exports.{name}")
    assert export.__doc__
    if not hasattr(export, "NAME"):
        pytest.skip(f"{name} serves several exports and is none itself")
    assert export.SUFFIX
    assert callable(export.write)


def test_only_the_scope_makes_grants() -> None:
    makers = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, text in sources()
        for line in calls(ast.parse(text), "Grant")
        if path.parent.name != "scope"
    ]
    assert makers == [], "a Grant is made in auditor/scope and nowhere else"


def test_exceptions_become_statuses_in_one_place() -> None:
    broad = [
        str(path.relative_to(ROOT))
        for path, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
        and not any(isinstance(part, ast.Raise) for part in ast.walk(node))
    ]
    assert [path for path in broad if not path.startswith(("auditor/run/", "auditor/cli/"))] == []
    assert len(broad) <= 2, broad


def vendor_words() -> list[str]:
    vocabulary = yaml.safe_load((ROOT / "fingerprints" / "vocabulary.yaml").read_text(encoding="utf-8"))
    words = set(vocabulary["makers"]) | set(vocabulary["brands"])
    common = {
        "other",
        "axis",
        "unknown",
        "hills",
        "swann",
        "alarm",
        "generic",
        "hunt",
        "star",
        "luma",
        "safire",
        "optiview",
        "watchnet",
    }
    return sorted(word for word in words - common if len(word) > 3)


def test_no_vendor_stands_in_the_code() -> None:
    """Protocol names (dahua-5050) are names of protocols; everything else said of a maker is data."""
    words = re.compile(rf"\b({'|'.join(map(re.escape, vendor_words()))})\b", re.IGNORECASE)
    found = []
    for path, text in sources():
        for number, line in enumerate(text.splitlines(), 1):
            bare = re.sub(r"dahua[-_]5050", "", line, flags=re.IGNORECASE)
            found += [f"{path.relative_to(ROOT)}:{number}: {hit[0]}" for hit in words.finditer(bare)]
    assert found == []


FORBIDDEN = {
    "a stream set up": r"\b(SETUP|PLAY|RECORD|ANNOUNCE) rtsp",
    "a picture": r"snapshot|/picture\b|\.jpe?g\b(?!\")|GetSnapshotUri|mjpg|onvif-http",
    "a setting changed": r"\bSet(System|Network|User|Device|Video|Scopes|Hostname)|setConfig|action=set\b|/factoryReset|Reboot\b",
    "a discovery verb that changes state": r"<Types>(?!inquiry|inquiry_v32|\{)|DHDiscover\.(?!search)",
    "a known bypass": r"auth=YWRtaW46|/onvif-http/|\?auth=|webLanguage|/current_config/|configurationFile",
}


@pytest.mark.parametrize(("what", "pattern"), FORBIDDEN.items())
def test_the_code_and_data_hold_nothing_the_conduct_rules_forbid(what: str, pattern: str) -> None:
    rule = re.compile(pattern)
    rooms = ("wire", "net", "discovery", "probes", "run")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in sources(*rooms)
        for number, line in enumerate(text.splitlines(), 1)
        if rule.search(line) and "never" not in line
    ]
    pages = (ROOT / "fingerprints" / "pages.yaml").read_text(encoding="utf-8")
    found += [
        f"pages.yaml:{number}"
        for number, line in enumerate(pages.splitlines(), 1)
        if re.search(r"path:", line) and rule.search(line)
    ]
    assert found == [], what


def test_nothing_names_a_path_of_this_machine_or_a_default_password() -> None:
    here = "|".join(re.escape(f"{path}/") for path in (ROOT, Path.home()) if len(path.parts) > 1)
    names = re.compile(rf"{here}|12345admin|admin:12345")
    found = [
        str(path.relative_to(ROOT))
        for folder in ("auditor", "lab", "fingerprints", "reports", "docs", "tests", ".ci")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file()
        and path != Path(__file__)
        and path.suffix in {".py", ".md", ".yaml", ".toml", ".html", ".sh", ".j2", ""}
        and names.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "room", ["wire", "net", "discovery", "probes", "intake", "store", "knowledge", "exports"]
)
def test_each_unit_is_named_in_the_tests_of_its_room(room: str) -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py")))
    units = [path for path, text in sources(room) if not path.stem.startswith("_") and public(text)]
    missing = [
        path.stem
        for path in units
        if path.stem not in written
        and not any(re.search(rf"\b{name}\b", written) for name in public(path.read_text(encoding="utf-8")))
    ]
    assert missing == [], f"no test names auditor/{room}: {missing}"


def public(text: str) -> list[str]:
    tree = ast.parse(text)
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]


def test_every_room_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path, text in sources() if not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


APART = AUDITOR / "apart"
PROGRAMS = {
    "frames": ("scapy", "GPL-2.0-only", "Version 2, June 1991"),
    "nmap": ("nmap", "GPL-3.0-or-later", "Version 3, 29 June 2007"),
}


def imported(path: Path) -> set[str]:
    """Return what a module imports, wherever in it, by whole name; relative imports as of its own package."""
    found: set[str] = set()
    package = ".".join(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{package if node.level else node.module}.{one.name}" for one in node.names}
    return found


def test_no_module_of_ours_loads_what_the_programs_apart_load() -> None:
    names = re.compile(r"(?:scapy|nmap|auditor\.apart)(?:\.|$)")
    found = {
        str(path.relative_to(ROOT)): hits
        for folder in (AUDITOR, ROOT / "lab")
        for path in sorted(folder.rglob("*.py"))
        if APART not in path.parents and (hits := sorted(one for one in imported(path) if names.match(one)))
    }
    assert found == {}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_apart_needs_its_own_package_and_python_alone(name: str) -> None:
    package, licence, heading = PROGRAMS[name]
    roots = {one.partition(".")[0] for path in (APART / name).glob("*.py") for one in imported(path)}
    assert roots - set(sys.stdlib_module_names) == {package}
    for path in (APART / name).glob("*.py"):
        assert f"# SPDX-License-Identifier: {licence}\n" in path.read_text(encoding="utf-8")[:100]
    assert heading in (APART / name / "LICENSE").read_text(encoding="utf-8")[:200]
    assert (APART / name / "program.py").stat().st_mode & 0o111


def test_what_python_runs_before_a_program_apart_loads_nothing() -> None:
    for path in (
        AUDITOR / "__init__.py",
        APART / "__init__.py",
        *(APART / name / "__init__.py" for name in PROGRAMS),
    ):
        assert imported(path) == set(), path


def test_loading_all_of_it_loads_neither_scapy_nor_python_nmap() -> None:
    text = (
        "import importlib, pkgutil, sys, auditor\n"
        "for found in pkgutil.walk_packages(auditor.__path__, 'auditor.'):\n"
        "    if not found.name.startswith('auditor.apart') and not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "print(len([one for one in sys.modules if one.startswith('auditor.')]))\n"
        "print([one for one in sys.modules if one.partition('.')[0] in ('scapy', 'nmap') or one.endswith('.program')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    count, loaded = done.stdout.splitlines()
    assert int(count) > 200
    assert loaded == "[]"


def test_the_metadata_state_every_licence_that_is_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    stated = set(project["project"]["license"].split(" AND "))
    assert stated == {"Apache-2.0", *(licence for _, licence, _ in PROGRAMS.values())}
    files = {path for one in project["project"]["license-files"] for path in ROOT.glob(one)}
    assert files == {ROOT / "LICENSE", *(APART / name / "LICENSE" for name in PROGRAMS)}
    scripts = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-scripts"]
    assert scripts == {f"auditor/apart/{name}/program.py": f"auditor-{name}" for name in PROGRAMS}
