"""Where a webhook may go: the form of its address, and which machines behind a name are anybody's.

An office sends to addresses that strangers typed. So nothing inside its own network may be reached by one: not by a
name that resolves inwards, not by an old or mapped way of writing an address, not by a cloud's metadata service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from models.rules.errors import Fault, InvalidInput

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST: Final = 500
PORTS: Final = frozenset({443, 8443})
LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_CLOSED_4: Final = tuple(
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",  # this network: Linux takes it for itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own, and some clouds' metadata
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "168.63.129.16/32",  # a cloud's own services behind a public number
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_OPEN_6: Final = IPv6Network("2000::/3")
"""All unicast addresses that are given out; what is outside of it is local, mapped or reserved."""

_CLOSED_6: Final = tuple(
    IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""How an IPv6-only network reaches IPv4: the last 32 bits are the machine that is meant."""

_NEVER_LISTED: Final[tuple[Network, ...]] = (
    *(ip_network("169.254.0.0/16"), ip_network("fe80::/10"), ip_network("224.0.0.0/4"), ip_network("ff00::/8")),
    *(ip_network("0.0.0.0/32"), ip_network("::/128")),
)

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PATH: Final = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far webhooks go: `http` also in the clear, to any port; `networks` are closed ones that are open to them."""

    http: bool = False
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address in its parts; `host` is a name in lower case or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str, reach: Reach) -> Target:
    """The parts of an address that may be registered; raises InvalidInput that says what is wrong.

    A literal address is judged here; a name is judged by what it resolves to, each time that it is sent to.
    """
    if len(url) > LONGEST or not _PATH.fullmatch(url) or "\\" in url:
        raise _refused(f"write it in at most {LONGEST} visible ASCII characters, other letters percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("it is not an address as a browser would take it") from None
    _refuse_scheme(parts.scheme, reach)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _refused("leave name and password out of it: each message is signed instead")
    if parts.fragment or "#" in url:
        raise _refused("leave the part from # on out of it")
    host, port = _host(parts.hostname or ""), port or (443 if parts.scheme == "https" else 80)
    if port not in PORTS and not reach.http:
        raise _refused("its port must be 443 or 8443")
    _refuse_literal(host, reach)
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port, f"{parts.path or '/'}{query}")


def networks_of(text: str) -> tuple[Network, ...]:
    """Networks written as `10.20.0.0/16, fd12::/48`; raises InvalidInput."""
    try:
        return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise InvalidInput(f"These are no networks: {error}") from None


def refuse_addresses(found: Iterable[str], reach: Reach) -> Sequence[Address]:
    """What a name resolved to, when all of it may be reached; raises InvalidInput when one of them may not.

    One forbidden address among good ones is a name that means harm, or will tomorrow.
    """
    addresses = [_parsed(one) for one in found]
    if not addresses or not all(may_reach(one, reach.networks) for one in addresses):
        raise InvalidInput("The address leads into a closed network.")
    return addresses


def may_reach(address: Address, networks: Iterable[Network] = ()) -> bool:
    """Whether this machine is anybody's, or stands in a network that the office opened."""
    if any(address in network for network in _NEVER_LISTED if network.version == address.version):
        return False
    if any(address in network for network in networks if network.version == address.version):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    if address in _TRANSLATED:
        return may_reach(IPv4Address(int(address) & 0xFFFFFFFF), networks)
    return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)


def _parsed(text: str) -> Address:
    # A zone (fe80::1%eth0) names one of this machine's own links.
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        raise InvalidInput("The name resolves to something that is no address.") from None


def _refuse_scheme(scheme: str, reach: Reach) -> None:
    if scheme == "https" or (scheme == "http" and reach.http):
        return
    raise _refused("it must begin with https://")


def _host(text: str) -> str:
    if ":" in text:
        return text
    host = text.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("its host must be a name in ASCII (an international one as xn--...) or an address")
    # 0x7f.1, 2130706433, 010.0.0.1: no name ends in a number, and libraries read these in ways of their own.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) and not _is_plain(host):
        raise _refused("write an IPv4 address as four decimal numbers")
    return host


def _is_plain(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


def _refuse_literal(host: str, reach: Reach) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        if ":" in host:
            raise _refused("its IPv6 address is none") from None
        return
    if not may_reach(address, reach.networks):
        raise _refused("it leads into a closed network")


def _refused(why: str) -> InvalidInput:
    return InvalidInput(
        f"This address can not be sent to: {why}.", faults=[Fault("/url", f"Not possible: {why}.", "webhook_url")]
    )
