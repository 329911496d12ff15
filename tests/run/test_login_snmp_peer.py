"""SNMP as a version 3 user against an agent written by others (pysnmp), installed into a folder of its own."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model import Device, Method, Pace, Run
from auditor.net import Stop
from auditor.run import Audit, begin
from auditor.run.execute import Execution
from auditor.scope import Credentials, Entry, Place, Privacy, Proof, Secret, Snmp, loopback
from auditor.store import Access, Store

pytestmark = [pytest.mark.peers, pytest.mark.slow]

SHIFT = 26_000
ADDRESS = f"127.154.{os.getpid() % 250}.7"
WORD, SEAL = "Pl4nted-proof-word", "Pl4nted-seal-word"
USERS = {
    "user-md5-des": (Proof.MD5, Privacy.DES),
    "user-sha-aes": (Proof.SHA, Privacy.AES),
    "user-sha256-aes": (Proof.SHA256, Privacy.AES),
    "user-sha-open": (Proof.SHA, Privacy.NONE),
}

AGENT = """
import sys
folder, address, port, word, seal = sys.argv[1:]
sys.path.insert(0, folder)
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
agent = engine.SnmpEngine()
config.add_transport(agent, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode((address, int(port))))
sha, none, aes = config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_NONE, config.USM_PRIV_CFB128_AES
config.add_v3_user(agent, "user-md5-des", config.USM_AUTH_HMAC96_MD5, word, config.USM_PRIV_CBC56_DES, seal)
config.add_v3_user(agent, "user-sha-aes", sha, word, aes, seal)
config.add_v3_user(agent, "user-sha256-aes", config.USM_AUTH_HMAC192_SHA256, word, aes, seal)
config.add_v3_user(agent, "user-sha-open", sha, word, none)
for name in ("user-md5-des", "user-sha-aes", "user-sha256-aes"):
    config.add_vacm_user(agent, 3, name, "authPriv", (1, 3, 6, 1, 2, 1), ())
config.add_vacm_user(agent, 3, "user-sha-open", "authNoPriv", (1, 3, 6, 1, 2, 1), ())
cmdrsp.GetCommandResponder(agent, context.SnmpContext(agent))
print("ready", flush=True)
agent.transport_dispatcher.job_started(1)
agent.open_dispatcher()
"""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("agent")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--target",
        str(folder),
        "--no-deps",
        "pysnmp",
        "pyasn1",
    ]
    try:
        subprocess.run(install, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("pysnmp cannot be installed here")
    script = folder / "serve.py"
    script.write_text(AGENT, encoding="utf-8")
    command = [sys.executable, str(script), str(folder), ADDRESS, str(161 + SHIFT), WORD, SEAL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.2)
            yield
        finally:
            process.terminate()


async def _listening() -> asyncio.Server:
    """Give the address a TCP port, by which the audit finds it."""
    return await asyncio.start_server(lambda _, writer: writer.close(), ADDRESS, 80 + SHIFT)


def audited(folder: Path, snmp: Snmp) -> tuple[Run, Device]:
    methods = frozenset({Method.TCP_SWEEP, Method.SNMP, Method.CREDENTIALS})
    scope = replace(
        loopback().narrow(targets=(ADDRESS,)), methods=methods, pace=Pace(1e6, 1e6, 1e6, 1e6, 256)
    )
    entry = Entry("tree", Place(sites=frozenset({"loopback"})), snmp=snmp)

    async def main(store: Store) -> Run:
        begun = begin(scope)
        async with await _listening():
            return await Execution(
                scope,
                Audit(ports=(80,), port_shift=SHIFT),
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


def outcome(device: Device) -> set[str]:
    return {one.field for one in device.observations}


@pytest.mark.parametrize("name", USERS)
def test_an_independent_agent_answers_a_version_3_user(agent: None, tmp_path: Path, name: str) -> None:
    proof, privacy = USERS[name]
    sealed = Secret(SEAL) if privacy is not Privacy.NONE else Secret("")
    _, device = audited(tmp_path, Snmp(Secret(""), Secret(name), proof, Secret(WORD), privacy, sealed))
    assert "snmp.1.3.6.1.2.1.1.1.0" in outcome(device), [one.detail for one in device.exchanges]
    said = b"".join(one.request + one.reply for one in device.exchanges)
    for secret in (name, WORD, SEAL):
        assert secret.encode() not in said


def test_a_user_nobody_knows_is_turned_away_once(agent: None, tmp_path: Path) -> None:
    _, device = audited(tmp_path, Snmp(Secret(""), Secret("user-nobody"), Proof.SHA, Secret(WORD)))
    assert "snmp.1.3.6.1.2.1.1.1.0" not in outcome(device)
    assert len([one for one in device.exchanges if one.probe == "login_snmp"]) == 2
