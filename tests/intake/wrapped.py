"""Frames inside tunnels, tags and mirrors, by scapy's own layers and, where it has none, by hand."""

from collections.abc import Callable
from typing import Any

from scapy.contrib.erspan import ERSPAN_I, ERSPAN_II, ERSPAN_III
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTPHeader
from scapy.contrib.mpls import MPLS
from scapy.contrib.nsh import NSH
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import GRE, LLC, SNAP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

A, B = "198.51.100.1", "198.51.100.2"
OUTER = Ether(src="02:00:00:00:0a:01", dst="02:00:00:00:0a:02")
OVER_IP = OUTER / IP(src=A, dst=B)


def datagram(port: int, head: bytes, frame: Any) -> Any:
    """A frame or packet in a datagram, behind bytes of its own."""
    return OVER_IP / UDP(sport=50123, dport=port) / Raw(head + bytes(frame))


def ip_of(frame: Any) -> Any:
    """The packet in a frame."""
    return frame[IP] if IP in frame else frame[IPv6]


WAYS: dict[str, Callable[[Any], Any]] = {
    "vxlan": lambda frame: OVER_IP / UDP(sport=50123, dport=4789) / VXLAN(vni=77, flags=8) / frame,
    "vxlan of linux": lambda frame: datagram(8472, b"\x08\x00\x00\x00\x00\x00\x4d\x00", frame),
    "vxlan-gpe": lambda frame: datagram(4790, b"\x0c\x00\x00\x01\x00\x00\x4d\x00", ip_of(frame)),
    "vxlan over ipv6": lambda frame: OUTER / IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=1, dport=4789) / VXLAN(vni=7, flags=8) / frame,
    "geneve": lambda frame: OVER_IP / UDP(sport=50123, dport=6081) / GENEVE(vni=5, proto=0x6558) / frame,
    "geneve with options": lambda frame: datagram(6081, b"\x02\x00\x65\x58\x00\x00\x05\x00" + bytes(8), frame),
    "gre": lambda frame: OVER_IP / GRE(proto=0x0800) / ip_of(frame),
    "gre with everything": lambda frame: OVER_IP / GRE(proto=0x0800, chksum_present=1, key_present=1, seqnum_present=1, key=9) / ip_of(frame),
    "nvgre": lambda frame: OVER_IP / GRE(proto=0x6558, key_present=1, key=0x12300) / frame,
    "pptp": lambda frame: OUTER / IP(src=A, dst=B, proto=47) / Raw(b"\x30\x81\x88\x0b\x00\x40\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\xff\x03\x00\x21" + bytes(ip_of(frame))),
    "erspan i": lambda frame: OVER_IP / GRE(proto=0x88BE) / ERSPAN_I() / frame,
    "erspan ii": lambda frame: OVER_IP / GRE(proto=0x88BE, seqnum_present=1) / ERSPAN_II(session_id=3) / frame,
    "erspan iii": lambda frame: OVER_IP / GRE(proto=0x22EB, seqnum_present=1) / ERSPAN_III(session_id=3) / frame,
    "erspan iii of a platform": lambda frame: OVER_IP / GRE(proto=0x22EB, seqnum_present=1) / Raw(b"\x20\x00\x00\x03" + bytes(7) + b"\x01" + bytes(8) + bytes(frame)),
    "mpls": lambda frame: OUTER / MPLS(label=16, s=0) / MPLS(label=17, s=1) / ip_of(frame),
    "mpls, ethernet": lambda frame: OUTER / MPLS(label=16, s=1) / Raw(bytes(frame)),
    "mpls, ethernet behind a control word": lambda frame: OUTER / MPLS(label=16, s=1) / Raw(bytes(4) + bytes(frame)),
    "mpls in udp": lambda frame: datagram(6635, b"\x00\x01\x01\x40", ip_of(frame)),
    "pppoe": lambda frame: OUTER / PPPoE(sessionid=7) / PPP(proto=0x21) / ip_of(frame),
    "pppoe in a vlan": lambda frame: OUTER / Dot1Q(vlan=7) / PPPoE(sessionid=7) / PPP(proto=0x21) / ip_of(frame),
    "ip in ip": lambda frame: OUTER / IP(src=A, dst=B, proto=4) / ip_of(frame),
    "ip in 6": lambda frame: OUTER / IPv6(src="2001:db8::1", dst="2001:db8::2", nh=4) / ip_of(frame),
    "vlan stack": lambda frame: OUTER / Dot1AD(vlan=1) / Dot1AD(vlan=2) / Dot1Q(vlan=3) / Dot1Q(vlan=4) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / ip_of(frame),
    "gtp": lambda frame: OVER_IP / UDP(sport=2152, dport=2152) / GTPHeader(gtp_type=255, teid=3) / ip_of(frame),
    "gtp with an extension": lambda frame: datagram(2152, b"\x34\xff\x00\x00\x00\x00\x00\x07\x00\x00\x00\x85\x01\x10\x09\x00", ip_of(frame)),
    "l2tp": lambda frame: OVER_IP / UDP(sport=1701, dport=1701) / L2TP(hdr=2, tunnel_id=1, session_id=2) / Raw(b"\xff\x03\x00\x21" + bytes(ip_of(frame))),
    "tzsp": lambda frame: datagram(37008, b"\x01\x00\x00\x01\x00\x0a\x01\x05\x01", frame),
    "nsh": lambda frame: OUTER.__class__(type=0x894F) / NSH(mdtype=1, nextproto=3) / frame,
    "etherip": lambda frame: OUTER / IP(src=A, dst=B, proto=97) / Raw(b"\x30\x00" + bytes(frame)),
    "provider backbone": lambda frame: OUTER.__class__(type=0x88E7) / Raw(b"\x00\x00\x00\x09" + bytes(frame)),
    "snap": lambda frame: Dot3(dst="02:00:00:00:0a:02") / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(code=0x0800) / ip_of(frame),
    "authentication header": lambda frame: OUTER / IP(src=A, dst=B, proto=51) / Raw(b"\x04\x04" + bytes(22) + bytes(ip_of(frame))),
    "lisp": lambda frame: datagram(4341, bytes(8), ip_of(frame)),
    "erspan in vxlan in gre": lambda frame: OVER_IP / GRE(proto=0x6558) / OVER_IP / UDP(sport=1, dport=4789) / VXLAN(vni=1, flags=8) / OVER_IP / GRE(proto=0x88BE) / frame,
}  # fmt: skip
"""How frames are wrapped, and read."""

CLOSED: dict[str, Any] = {
    "ESP (encrypted)": OUTER / IP(src=A, dst=B, proto=50) / Raw(b"\x00\x00\x10\x01" + bytes(60)),
    "MACsec": OUTER.__class__(type=0x88E5) / Raw(bytes(60)),
    "WireGuard (encrypted)": datagram(51820, b"\x04\x00\x00\x00" + bytes(40), b""),
    "CAPWAP": datagram(5247, bytes(40), b""),
    "L2TP version 3": OUTER / IP(src=A, dst=B, proto=115) / Raw(bytes(60)),
    "PPP, compressed, encrypted or of another kind": OUTER
    / PPPoE(sessionid=7)
    / Raw(b"\x00\xfd" + bytes(40)),
    "GRE of another kind": OVER_IP / GRE(proto=0x4242) / Raw(bytes(40)),
}
"""What is recognised and not read, with a frame of it."""


def of_other_links(frame: Any) -> dict[int, bytes]:
    """Return the same packet as other links carry it, by link type."""
    ip = bytes(ip_of(frame))
    return {
        9: b"\xff\x03\x00\x21" + ip, 50: b"\xff\x03\x00\x21" + ip, 51: bytes(PPPoE(sessionid=7) / PPP(proto=0x21) / ip_of(frame)),
        101: ip, 104: b"\x0f\x00\x08\x00" + ip, 108: b"\x00\x00\x00\x02" + ip, 109: bytes(12) + ip, 228: ip,
        113: b"\x00\x00\x00\x01\x00\x06" + bytes(8) + b"\x08\x00" + ip, 276: b"\x08\x00" + bytes(18) + ip, 0: b"\x02\x00\x00\x00" + ip,
        219: bytes(MPLS(label=16, s=1)) + ip,
        239: b"\x02\x00\x00\x01" + b"\x08\x00\x01\x00\x08\x00\x03\x00" + (4 + len(ip)).to_bytes(2, "little") + b"\x09\x00" + ip,
    }  # fmt: skip
