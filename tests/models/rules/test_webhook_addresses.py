"""Which addresses a stranger may have the office send to: everybody's machines, and none of its own."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.errors import InvalidInput
from models.rules.webhook_addresses import (
    LOOPBACK,
    Reach,
    Target,
    may_reach,
    networks_of,
    refuse_addresses,
    target_of,
)

PRODUCTION = Reach()
DEVELOPMENT = Reach(True, LOOPBACK)

OPEN = (
    *("8.8.8.8", "1.1.1.1", "103.28.12.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *("172.15.255.255", "172.32.0.0", "169.253.255.255", "192.0.1.1", "192.167.1.1", "198.17.0.1", "223.255.255.1"),
    *("2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::8.8.8.8"),
)
CLOSED = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"),
    *("100.64.0.1", "100.127.255.255", "100.100.100.200"),
    *("169.254.0.1", "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.0.8"),
    *("192.0.2.7", "198.51.100.7", "203.0.113.7", "198.18.0.1", "198.19.255.255", "192.88.99.1"),
    *("224.0.0.1", "224.0.1.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
    *("fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fdff::1", "ff02::1", "ff0e::1"),
    *("2001::1", "2001:0:4136:e378::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254"),
    *("64:ff9b:1::1", "100::1", "5f00::1", "4000::1"),
)


@pytest.mark.parametrize("address", OPEN)
def test_anybodys_machine_may_be_reached(address: str) -> None:
    assert may_reach(ip_address(address))


@pytest.mark.parametrize("address", CLOSED)
def test_a_machine_of_a_closed_network_may_not(address: str) -> None:
    assert not may_reach(ip_address(address))
    with pytest.raises(InvalidInput):
        refuse_addresses(["8.8.8.8", address], PRODUCTION)


@given(st.ip_addresses(v=4))
def test_no_address_is_open_that_the_standard_library_calls_private(address: object) -> None:
    found = ip_address(str(address))
    assert not (may_reach(found) and (found.is_private or found.is_loopback or found.is_multicast))


@given(st.ip_addresses(v=4))
def test_no_way_of_writing_an_ipv4_address_as_ipv6_opens_more(address: object) -> None:
    plain = int(ip_address(str(address)))
    translated = IPv6Address(int(ip_address("64:ff9b::")) | plain)
    assert may_reach(translated) == may_reach(ip_address(plain))
    for prefix in ("::", "::ffff:0:0", "2002::"):
        shift = 80 if prefix == "2002::" else 0
        assert not may_reach(IPv6Address(int(ip_address(prefix)) | plain << shift))


def test_a_name_with_one_good_and_one_closed_address_is_refused_whole() -> None:
    assert [str(one) for one in refuse_addresses(["8.8.8.8", "2606:4700::1"], PRODUCTION)] == [
        "8.8.8.8",
        "2606:4700::1",
    ]
    for found in (["8.8.8.8", "10.0.0.1"], [], ["8.8.8.8", "fe80::1%eth0"], ["izin.example.org"]):
        with pytest.raises(InvalidInput):
            refuse_addresses(found, PRODUCTION)


def test_a_network_that_the_office_opened_may_be_reached_and_metadata_never() -> None:
    opened = networks_of("10.20.0.0/16, fd12::/48")
    assert may_reach(ip_address("10.20.3.4"), opened)
    assert may_reach(ip_address("fd12::7"), opened)
    assert not may_reach(ip_address("10.21.0.1"), opened)
    everything = networks_of("0.0.0.0/0, ::/0")
    for address in ("169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::"):
        assert not may_reach(ip_address(address), everything)
    assert networks_of("") == ()
    for wrong in ("10.20.0.1/16", "rumah", "10.0.0.0/33"):
        with pytest.raises(InvalidInput):
            networks_of(wrong)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://rs.example.org/paraf", Target("https", "rs.example.org", 443, "/paraf")),
        ("https://RS.Example.ORG", Target("https", "rs.example.org", 443, "/")),
        ("https://rs.example.org:8443/a?b=c%20d", Target("https", "rs.example.org", 8443, "/a?b=c%20d")),
        ("https://rs.example.org./x", Target("https", "rs.example.org", 443, "/x")),
        ("https://8.8.8.8/x", Target("https", "8.8.8.8", 443, "/x")),
        ("https://[2606:4700::1]/x", Target("https", "2606:4700::1", 443, "/x")),
        ("https://xn--bcher-kva.example/x", Target("https", "xn--bcher-kva.example", 443, "/x")),
    ],
)
def test_an_address_is_read_as_it_is_sent_to(url: str, target: Target) -> None:
    assert target_of(url, PRODUCTION) == target


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://rs.example.org/", "https://"),
        ("ftp://rs.example.org/", "https://"),
        ("//rs.example.org/", "https://"),
        ("rs.example.org", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://user@rs.example.org/", "name and password"),
        ("https://user:pass@rs.example.org/", "name and password"),
        ("https://@rs.example.org/", "name and password"),
        ("https://8.8.8.8\\@10.0.0.1/", "visible ASCII"),
        ("https://rs.example.org/#x", "#"),
        ("https://rs.example.org/#", "#"),
        ("https://rs.example.org:80/", "443 or 8443"),
        ("https://rs.example.org:22/", "443 or 8443"),
        ("https://rs.example.org:99999/", "browser"),
        ("https://rs.example.org:x/", "browser"),
        ("https:///x", "host"),
        ("https://", "host"),
        ("https://rs..example.org/", "host"),
        ("https://-rs.example.org/", "host"),
        ("https://rs example.org/", "visible ASCII"),
        ("https://rs.example.org/\r\nHost: x", "visible ASCII"),
        ("https://rs.example.org/\x00", "visible ASCII"),
        ("https://bücher.example/", "visible ASCII"),
        ("https://rs%2eexample.org/", "host"),
        ("https://127.0.0.1/", "closed network"),
        ("https://169.254.169.254/latest/meta-data/", "closed network"),
        ("https://[::1]/", "closed network"),
        ("https://[::ffff:7f00:1]/", "closed network"),
        ("https://[fe80::1%25eth0]/", r"browser|none|closed"),
        ("https://[rs]/", r"browser|host"),
        ("https://127.1/", "four decimal"),
        ("https://2130706433/", "four decimal"),
        ("https://0x7f000001/", "four decimal"),
        ("https://0x7f.0.0.1/", "four decimal"),
        ("https://0177.0.0.1/", "four decimal"),
        ("https://127.0.0.01/", "four decimal"),
        ("https://rs.example.0x1/", "four decimal"),
        ("https://256.1.1.1/", "four decimal"),
        ("https://rs.example.org/" + "a" * 500, "visible ASCII"),
    ],
)
def test_an_address_that_means_harm_or_nothing_is_refused_with_a_reason(url: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        target_of(url, PRODUCTION)
    assert [fault.pointer for fault in refused.value.faults] == ["/url"]


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://rs.example.org/{text}"):
        try:
            found = target_of(url, PRODUCTION)
        except InvalidInput:
            continue
        assert found.scheme == "https"
        assert found.port in {443, 8443}
        assert found.path.startswith("/")
        assert not set(found.host) & set("/@\\#? \r\n")


def test_development_reaches_this_machine_and_no_other_closed_one() -> None:
    assert target_of("http://127.0.0.1:9000/x", DEVELOPMENT) == Target("http", "127.0.0.1", 9000, "/x")
    assert target_of("http://localhost:9000/x", DEVELOPMENT).host == "localhost"
    assert may_reach(ip_address("::1"), DEVELOPMENT.networks)
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "http://[fd00::1]/"):
        with pytest.raises(InvalidInput):
            target_of(url, DEVELOPMENT)
    assert not may_reach(ip_address("10.0.0.1"), DEVELOPMENT.networks)
    assert ip_network("127.0.0.0/8") in DEVELOPMENT.networks
