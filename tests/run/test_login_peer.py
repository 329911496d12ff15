"""ONVIF logins against a server written by others (IPyCam), installed into a folder of its own for the occasion."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from auditor.model import Device, Method, Pace, Run
from auditor.net import Stop
from auditor.run import Audit, begin
from auditor.run.execute import Execution
from auditor.scope import Credentials, Entry, Place, Secret, loopback
from auditor.store import Access, Store

pytestmark = [pytest.mark.peers, pytest.mark.slow]

SHIFT = 25_000
ADDRESS = f"127.153.{os.getpid() % 250}.7"
USER, WORD = "peer-operator", "peer-Pl4nted-word"
METHODS = frozenset({Method.TCP_SWEEP, Method.HTTP, Method.ONVIF, Method.CREDENTIALS})

# Its own handler of HTTP and ONVIF, without the pictures it would need OpenCV for.
SERVER = """
import sys, types
from http.server import ThreadingHTTPServer
from unittest.mock import MagicMock
folder, address, port, user, word = sys.argv[1:]
sys.modules.update(cv2=MagicMock(), numpy=MagicMock())
package = types.ModuleType("ipycam")
package.__path__ = [folder + "/ipycam"]
sys.modules["ipycam"] = package
sys.path.insert(0, folder)
from ipycam.config import CameraConfig
from ipycam.http import IPCameraHTTPHandler
from ipycam.onvif import ONVIFService
config = CameraConfig()
for name, value in dict(username=user, password=word, manufacturer="Peerless", model="PL-7", firmware_version="3.1.4", serial_number="PEER-000777", local_ip=address).items():
    setattr(config, name, value)
IPCameraHTTPHandler.camera = types.SimpleNamespace(config=config, onvif=ONVIFService(config))
ThreadingHTTPServer((address, int(port)), IPCameraHTTPHandler).serve_forever()
"""


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("peer")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(folder),
        "ipycam==1.3.0",
    ]
    try:
        subprocess.run(install, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("ipycam cannot be installed here")
    script = folder / "serve.py"
    script.write_text(SERVER, encoding="utf-8")
    port = str(8080 + SHIFT)
    with subprocess.Popen([sys.executable, str(script), str(folder), ADDRESS, port, USER, WORD]) as process:
        try:
            _await(f"http://{ADDRESS}:{port}/")
            yield
        finally:
            process.terminate()


def _await(url: str) -> None:
    for _ in range(100):
        try:
            urlopen(url, timeout=1).close()
        except URLError as error:
            if hasattr(error, "code"):
                return
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not come up")


def audited(folder: Path, word: str) -> tuple[Run, Device]:
    scope = replace(
        loopback().narrow(targets=(ADDRESS,)), methods=METHODS, pace=Pace(1e6, 1e6, 1e6, 1e6, 256)
    )
    entry = Entry(
        "peer", Place(sites=frozenset({"loopback"})), Secret(USER), Secret(word), frozenset({"onvif"})
    )

    async def main(store: Store) -> Run:
        begun = begin(scope)
        return await Execution(
            scope,
            Audit(ports=(8080,), port_shift=SHIFT),
            store,
            Stop(),
            begun.run,
            begun.past,
            credentials=Credentials((entry,)),
        ).execute()

    with Store.open(folder / "audit.sqlite", Access.CREATE) as store:
        run = asyncio.run(main(store))
        (device,) = store.devices(run.id)
    return run, device


def test_an_independent_server_takes_the_account_and_answers(peer: None, tmp_path: Path) -> None:
    _, device = audited(tmp_path, WORD)
    seen = {(one.field, one.value) for one in device.observations}
    assert {("onvif.manufacturer", "Peerless"), ("onvif.model", "PL-7"), ("onvif.firmware", "3.1.4")} <= seen
    assert any(field == "onvif.account" for field, _ in seen)
    said = b"".join(one.request + one.reply for one in device.exchanges)
    assert WORD.encode() not in said
    assert USER.encode() not in said


def test_an_independent_server_is_asked_once_with_a_wrong_word(peer: None, tmp_path: Path) -> None:
    _, device = audited(tmp_path, "another-word")
    shown = [one for one in device.exchanges if b"Authorization: (withheld)" in one.request]
    assert len(shown) == 1
    assert not any(one.field == "onvif.model" for one in device.observations)
