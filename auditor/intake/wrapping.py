"""Packets within packets: what a tunnel, a tag or a mirror carries, one step at a time.

A step takes what lies behind one head and says what lies behind the next: `(kind, at)`, where kind is an Ethernet type
or one of the kinds below; a text where the encapsulation is known and not read; None where nothing is wrapped.
Source: RFC 7348 and 8926 (VXLAN, GENEVE), RFC 2784, 2890, 2637 and 7637 (GRE), draft-foschiano-erspan, RFC 3032 and 4385
(MPLS), RFC 2516 and 1661 (PPPoE, PPP), IEEE 802.1Q/ad/ah, RFC 8300 (NSH), 3GPP TS 29.281 (GTP-U), RFC 2661 (L2TP),
RFC 4380 (Teredo), RFC 9300 (LISP), RFC 3378 (EtherIP); TZSP as in Wireshark's and tcpdump's readers.
"""

from collections.abc import Callable

from auditor.intake.frames import ARP, ETHER, IPV4, IPV6, PPP, TAGS, Packet

Step = tuple[int, int] | str | None
_Reader = Callable[[bytes, int, int], Step]

GRE, IP = 0x10002, 0x10003
"""Kinds that have no Ethernet type of their own: GRE, IP of whichever version."""
MPLS, PPPOE = 0x8847, 0x8864

MOST_LAYERS = 12
"""Heads that are taken off one packet, tags and labels counted; more is an attack, or a loop that was mirrored."""
_MOST_LABELS = 16
_ADDRESSES = 12
"""Bytes of the two addresses an Ethernet frame begins with."""


def of_type(kind: int, buffer: bytes, at: int, end: int) -> Step:
    """Take one step into what an Ethernet type says is there."""
    reader = _BY_TYPE.get(kind)
    if reader is not None:
        return reader(buffer, at, end) if at < end else None
    if kind in _UNREAD_TYPES:
        return _UNREAD_TYPES[kind]
    if kind < 0x0600 and buffer[at : at + 6] == b"\xaa\xaa\x03\x00\x00\x00":  # SNAP
        return int.from_bytes(buffer[at + 6 : at + 8], "big"), at + 8
    return None


def of_packet(packet: Packet) -> Step:
    """Take one step into what an IP packet carries; None where it is what it seems: TCP, UDP, ICMP."""
    if packet.protocol == 17:
        return _of_datagram(packet.data)
    if packet.protocol in _BY_PROTOCOL:
        kind, at = _BY_PROTOCOL[packet.protocol]
        return kind, at
    return _UNREAD_PROTOCOLS.get(packet.protocol)


def network_of(packet: Packet) -> str:
    """Return the virtual network a packet's wrapping names, or an empty text."""
    data = packet.data
    if packet.protocol == 17 and len(data) >= 16 and data[2:4] in {b"\x12\xb5", b"\x21\x18", b"\x12\xb6"}:
        return f"VXLAN {int.from_bytes(data[12:15], 'big')}"
    if packet.protocol == 17 and len(data) >= 16 and data[2:4] == b"\x17\xc1":
        return f"GENEVE {int.from_bytes(data[12:15], 'big')}"
    if packet.protocol == 47 and data[:4] == b"\x20\x00\x65\x58":
        return f"NVGRE {int.from_bytes(data[4:7], 'big')}"
    return ""


def _of_datagram(data: bytes) -> Step:
    if len(data) < 9:
        return None
    source, target = data[0] << 8 | data[1], data[2] << 8 | data[3]
    reader = _BY_PORT.get(target) or (_BY_PORT.get(source) if source in _EITHER_END else None)
    step = reader(data, 8, len(data)) if reader else None
    # Nothing in GRE or MPLS says what it is; on these ports it may be anything else.
    return step if isinstance(step, tuple) or target not in _WITHOUT_SIGN else None


def _ether(_buffer: bytes, at: int, _end: int) -> Step:
    return ETHER, at


def _of_ether(buffer: bytes, at: int, end: int) -> Step:
    """Step behind the addresses of an Ethernet frame."""
    at += _ADDRESSES
    return (buffer[at] << 8 | buffer[at + 1], at + 2) if at + 2 <= end else None


def _of_tag(buffer: bytes, at: int, end: int) -> Step:
    return (buffer[at + 2] << 8 | buffer[at + 3], at + 4) if at + 4 <= end else None


def _of_ip(buffer: bytes, at: int, end: int) -> Step:
    """Tell IP by its first nibble, where its head and its length agree with what is there."""
    if at + 20 <= end and buffer[at] >> 4 == 4 and buffer[at] & 0x0F >= 5:
        total = buffer[at + 2] << 8 | buffer[at + 3]
        return (IPV4, at) if total == 0 or total >= 20 else None
    return (IPV6, at) if at + 40 <= end and buffer[at] >> 4 == 6 else None


def _of_vxlan(buffer: bytes, at: int, end: int) -> Step:
    return (ETHER, at + 8) if at + 8 <= end and buffer[at] & 0x08 and buffer[at + 7] == 0 else None


def _of_vxlan_gpe(buffer: bytes, at: int, end: int) -> Step:
    if at + 8 > end or not buffer[at] & 0x08:
        return None
    kind = {1: IPV4, 2: IPV6, 3: ETHER, 4: 0x894F, 5: MPLS}.get(buffer[at + 3])
    return (kind, at + 8) if kind else "VXLAN-GPE of another kind"


def _of_geneve(buffer: bytes, at: int, end: int) -> Step:
    if at + 8 > end or buffer[at] >> 6:
        return None
    kind = buffer[at + 2] << 8 | buffer[at + 3]
    return (ETHER if kind == 0x6558 else kind), at + 8 + (buffer[at] & 0x3F) * 4


def _of_gre(buffer: bytes, at: int, end: int) -> Step:
    """Step behind a head of GRE, of PPTP too (version 1)."""
    if at + 4 > end:
        return None
    flags, kind = buffer[at] << 8 | buffer[at + 1], buffer[at + 2] << 8 | buffer[at + 3]
    if flags & 0x4000:
        return "GRE with routing"
    if flags & 7 == 1:
        return PPP, at + 8 + (4 if flags & 0x1000 else 0) + (4 if flags & 0x0080 else 0)
    if flags & 7:
        return "GRE of an unknown version"
    behind = at + 4 + sum(4 for bit in (0x8000, 0x2000, 0x1000) if flags & bit)
    if kind == 0x88BE:
        return _of_erspan(buffer, behind, end) if flags & 0x1000 else (ETHER, behind)  # type I has no head
    if kind == 0x22EB:
        return _of_erspan(buffer, behind, end)
    if kind == 0x883E:  # WCCP; its second version puts four bytes before the packet
        return IP, behind + (4 if behind < end and buffer[behind] >> 4 not in {4, 6} else 0)
    if kind in _GRE_KINDS:
        return _GRE_KINDS[kind], behind
    if kind in _NO_CARGO:
        return None
    return (kind, behind) if kind in _BY_TYPE or kind in {IPV4, IPV6, ARP} else "GRE of another kind"


def _of_erspan(buffer: bytes, at: int, end: int) -> Step:
    """Step behind a head of ERSPAN of type II (8 bytes) or III (12, and 8 more where its last bit says so)."""
    version = buffer[at] >> 4 if at < end else 0
    if version == 1:
        return ETHER, at + 8
    if version == 2 and at + 12 <= end:
        return ETHER, at + 12 + (8 if buffer[at + 11] & 1 else 0)
    return "ERSPAN of an unknown version"


def _of_mpls(buffer: bytes, at: int, end: int) -> Step:
    for _ in range(_MOST_LABELS):
        if at + 4 > end:
            return None
        is_last = buffer[at + 2] & 1
        at += 4
        if is_last:
            return _behind_labels(buffer, at, end)
    return "MPLS with very many labels"


def _behind_labels(buffer: bytes, at: int, end: int) -> Step:
    """Tell what is behind the last label, which does not say it: IP, or Ethernet with or without a control word."""
    for start in (at + 4, at) if at < end and buffer[at] >> 4 == 0 else (at,):
        if _is_frame(buffer, start, end):
            return ETHER, start
    return _of_ip(buffer, at, end) or "MPLS of another kind"


def _is_frame(buffer: bytes, at: int, end: int) -> bool:
    """Tell whether an Ethernet frame begins here, by its type and by what that promises."""
    kind = buffer[at + 12] << 8 | buffer[at + 13] if at + 14 < end else 0
    if kind in {IPV4, IPV6}:
        return isinstance(found := _of_ip(buffer, at + 14, end), tuple) and found[0] == kind
    return kind == ARP or kind in TAGS


def _of_pppoe(buffer: bytes, at: int, end: int) -> Step:
    return (PPP, at + 6) if at + 8 <= end and buffer[at] == 0x11 and buffer[at + 1] == 0 else None


def _of_ppp(buffer: bytes, at: int, end: int) -> Step:
    """Step behind PPP, with or without its address and control bytes, its protocol in one byte or two."""
    if buffer[at : at + 2] == b"\xff\x03":
        at += 2
    if at + 2 > end:
        return None
    short = buffer[at] & 1
    protocol = buffer[at] if short else buffer[at] << 8 | buffer[at + 1]
    at += 1 if short else 2
    if protocol in _PPP_KINDS:
        return _PPP_KINDS[protocol], at
    return None if protocol >= 0x8000 else "PPP, compressed, encrypted or of another kind"


def _of_backbone(_buffer: bytes, at: int, end: int) -> Step:
    return (ETHER, at + 4) if at + 18 <= end else None


def _of_nsh(buffer: bytes, at: int, end: int) -> Step:
    if at + 8 > end:
        return None
    kind = {1: IPV4, 2: IPV6, 3: ETHER, 5: MPLS}.get(buffer[at + 3])
    return (kind, at + (buffer[at + 1] & 0x3F) * 4) if kind else "NSH of another kind"


def _of_gtp(buffer: bytes, at: int, end: int) -> Step:
    """Step behind GTP-U version 1 and its extension heads; only type 255 carries a packet."""
    if at + 8 > end or buffer[at] & 0xF0 != 0x30 or buffer[at + 1] != 0xFF:
        return None
    flags, here = buffer[at], at + 8
    if flags & 7:
        here += 4
        following = buffer[here - 1] if here <= end else 0
        for _ in range(8):
            if not flags & 4 or not following:
                break
            size = buffer[here] * 4 if here < end else 0
            if not size or here + size > end:
                return None
            following, here = buffer[here + size - 1], here + size
    return _of_ip(buffer, here, end) or "GTP of another kind"


def _of_tzsp(buffer: bytes, at: int, end: int) -> Step:
    if at + 5 > end or buffer[at] != 1 or buffer[at + 1] != 0:
        return None
    protocol, here = buffer[at + 2] << 8 | buffer[at + 3], at + 4
    for _ in range(64):
        if here >= end:
            return None
        tag = buffer[here]
        here += 1
        if tag == 1:
            return (ETHER, here) if protocol == 1 else "TZSP of another link type"
        if tag:
            here += 1 + (buffer[here] if here < end else 0)
    return None


def _of_l2tp(buffer: bytes, at: int, end: int) -> Step:
    flags = buffer[at] << 8 | buffer[at + 1]
    if flags & 0x000F != 2 or flags & 0x8000:
        return None
    here = at + 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        here += 2 + int.from_bytes(buffer[here : here + 2], "big")
    return (PPP, here) if here < end else None


def _of_teredo(buffer: bytes, at: int, end: int) -> Step:
    if buffer[at : at + 2] == b"\x00\x01" and at + 4 <= end:
        at += 13 + buffer[at + 2] + buffer[at + 3]
    if buffer[at : at + 2] == b"\x00\x00":
        at += 8
    found = _of_ip(buffer, at, end)
    return found if isinstance(found, tuple) and found[0] == IPV6 else None


def _of_lisp(buffer: bytes, at: int, end: int) -> Step:
    return _of_ip(buffer, at + 8, end)


def _of_esp(buffer: bytes, at: int, end: int) -> Step:
    return "ESP (encrypted)" if at + 8 < end and buffer[at : at + 4] != bytes(4) else None


def _of_wireguard(buffer: bytes, at: int, _end: int) -> Step:
    return (
        "WireGuard (encrypted)"
        if buffer[at] in {1, 2, 3, 4} and buffer[at + 1 : at + 4] == bytes(3)
        else None
    )


def _of_capwap(buffer: bytes, at: int, _end: int) -> Step:
    return "CAPWAP" if buffer[at] in {0, 1} else None


def _of_openvpn(buffer: bytes, at: int, _end: int) -> Step:
    """Tell OpenVPN by its opcode, 1 to 10 in the upper five bits."""
    return "OpenVPN (encrypted)" if 1 <= buffer[at] >> 3 <= 10 else None


_PPP_KINDS = {0x21: IPV4, 0x57: IPV6, 0x0281: MPLS}
_GRE_KINDS = {0x6558: ETHER, 0x880B: PPP}
_NO_CARGO = frozenset({0x0000, 0x2000, 0x2001})
"""What GRE carries for its own sake: keep-alives, CDP, NHRP."""
_BY_TYPE: dict[int, _Reader] = {
    ETHER: _of_ether, PPP: _of_ppp, GRE: _of_gre, IP: _of_ip, MPLS: _of_mpls, 0x8848: _of_mpls, PPPOE: _of_pppoe,
    0x88E7: _of_backbone, 0x894F: _of_nsh, 0x6558: _ether, **dict.fromkeys(TAGS, _of_tag), 0x8926: _of_tag,
}  # fmt: skip
_UNREAD_TYPES = {0x88E5: "MACsec", 0x22F3: "TRILL", 0x8903: "FabricPath", 0x893F: "802.1BR"}
_BY_PROTOCOL = {4: (IPV4, 0), 41: (IPV6, 0), 47: (GRE, 0), 97: (ETHER, 2), 137: (MPLS, 0), 143: (ETHER, 0)}
_UNREAD_PROTOCOLS = {
    50: "ESP (encrypted)",
    55: "minimal IP encapsulation",
    108: "IPComp",
    115: "L2TP version 3",
}
_BY_PORT: dict[int, _Reader] = {
    4789: _of_vxlan, 8472: _of_vxlan, 4790: _of_vxlan_gpe, 6081: _of_geneve, 2152: _of_gtp, 37008: _of_tzsp,
    4754: _of_gre, 6635: _of_mpls, 1701: _of_l2tp, 3544: _of_teredo, 4341: _of_lisp, 4500: _of_esp,
    51820: _of_wireguard, 5247: _of_capwap, 1194: _of_openvpn,
}  # fmt: skip
_EITHER_END = frozenset({1701, 2152, 3544, 4500, 51820, 1194, 5247})
_WITHOUT_SIGN = frozenset({4754, 6635})
PORTS = frozenset(_BY_PORT)
"""UDP ports of tunnels."""
