"""Stands in for nmap: writes down its words and its number, finishes, or never does. No packet is sent.

In the folder STAND_IN: `calls` gets a line of JSON for each calling; while `endless` exists it works for ever after
having written of its first host; the addresses in `slow` are given up as by --host-timeout; what signals it gets is
written to `signals`.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

HOST = '<host endtime="1700000000"{}><status state="up"/><address addr="{}" addrtype="ipv4"/></host>\n'


def main() -> None:
    words = sys.argv[1:]
    if words == ["-V"]:
        sys.stdout.write("Nmap version 7.93 ( https://nmap.org )\n")
        return
    folder = Path(os.environ["STAND_IN"])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: (folder / "signals").write_text("heard one"))
    result = Path(words[words.index("-oX") + 1])
    addresses = [one for one in words if one.startswith("127.") and "/" not in one]
    slow = (folder / "slow").read_text().split() if (folder / "slow").exists() else []
    hosts = [HOST.format(' timedout="true"' if one in slow else "", one) for one in addresses]
    is_endless = (folder / "endless").exists()
    result.write_text("<nmaprun>\n" + "".join(hosts[:1] if is_endless else hosts))
    with (folder / "calls").open("a") as calls:
        calls.write(
            json.dumps({"process": os.getpid(), "addresses": addresses, "result": str(result)}) + "\n"
        )
    while is_endless:
        time.sleep(0.05)
        (folder / "sent").touch()
    with result.open("a") as file:
        file.write('<runstats><finished exit="success"/></runstats></nmaprun>\n')


if __name__ == "__main__":
    main()
