"""The page in a real browser: accessible, quiet, and usable with its script. Needs chromium, and npm for axe."""

import dataclasses
import html as markup
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.reporting import html, page
from tests.reporting import town

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--virtual-time-budget=60000",
]
SMALL = town.devices(12)

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(BROWSER is None, reason="needs chromium (apt install chromium)"),
]


def document(tmp: Path, script: str, *extra: str) -> str:
    """Run a script in the page, which may not run any but its own: so the policy is taken out of the copy."""
    text = html(page(town.run(), SMALL, town.context(SMALL)))
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    parts = [one.replace("</script", r"<\/script") for one in (*extra, script)]
    scripts = "".join(f"<script>{part}</script>" for part in parts)
    path = tmp / "page.html"
    path.write_text(text.replace("</body>", f"{scripts}</body>"), encoding="utf-8")
    return browse(tmp, path)


def browse(tmp: Path, path: Path, *flags: str) -> str:
    assert BROWSER
    command = [BROWSER, *QUIET, f"--user-data-dir={tmp / 'profile'}", *flags, "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def result(dom: str) -> Any:
    found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.DOTALL)
    assert found, "the page's script did not finish"
    return json.loads(markup.unescape(found[1]))


SAY = 'const say=(v)=>{const p=document.createElement("pre");p.id="result";p.textContent=JSON.stringify(v);document.body.append(p)};'


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    given = os.environ.get("AUDITOR_AXE")
    if given:
        return Path(given).read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm, or AUDITOR_AXE with the path of axe.min.js")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "axe-core@4"],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        pytest.skip("npm cannot install axe-core here")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def test_axe_finds_no_fault(tmp_path: Path, axe: str) -> None:
    run = (
        'for(const d of document.querySelectorAll("details"))d.open=true;'
        'axe.run(document).then(r=>say({passed:r.passes.length,faults:r.violations.map(v=>v.id+" "+v.nodes[0].html)}))'
    )
    told = result(document(tmp_path, SAY + run, axe))
    assert told["faults"] == []
    assert told["passed"] > 20


def test_search_sort_and_links_work(tmp_path: Path) -> None:
    script = """
    addEventListener("load", async () => {
      const find = document.getElementById("find"), table = document.getElementById("table");
      const seen = () => [...table.tBodies[0].querySelectorAll(".on")].map((row) => row.cells[0].textContent);
      const wait = (ms) => new Promise((done) => setTimeout(done, ms));
      const first = seen();
      find.value = "axis P3245"; find.dispatchEvent(new Event("input")); await wait(400);
      const axis = seen();
      find.value = ""; find.dispatchEvent(new Event("input")); await wait(400);
      table.tHead.rows[0].cells[0].querySelector("button").click();
      const up = seen();
      table.tHead.rows[0].cells[0].querySelector("button").click();
      const down = seen();
      location.hash = "#d3"; await wait(200);
      say({ first, axis, up, down, open: document.getElementById("d3").open,
            sorted: table.tHead.rows[0].cells[0].getAttribute("aria-sort") });
    });
    """
    told = result(document(tmp_path, SAY + script))
    assert len(told["first"]) == len(SMALL)
    assert told["axis"] == ["192.0.2.17"]
    assert told["up"][:3] == ["192.0.2.10", "192.0.2.11", "192.0.2.12"]
    assert told["down"] == told["up"][::-1]
    assert told["sorted"] == "descending"
    assert told["open"] is True


def test_nothing_a_device_says_runs_and_no_rule_of_the_page_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    hostile = dataclasses.replace(SMALL[0], site="</style></script><script>document.title='taken'</script>")
    path.write_text(html(page(town.run(), (hostile, *SMALL[1:]))), encoding="utf-8")
    dom = browse(tmp_path, path)
    assert "<title>taken</title>" not in dom
    assert '<html lang="en" class="js">' in dom, "the page's own script must run under its policy"
    assert 'class="devices live"' in dom
