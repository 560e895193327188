"""The address of a client behind proxies."""

import pytest

from query_service.setting_texts.addresses import client_address, is_this_machine, networks

PROXIES = networks("10.0.0.0/8, 127.0.0.1, fd00::/8")


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not of a proxy: it counts for nothing
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # what a client wrote itself
        ("10.1.2.3", "198.51.100.1, 10.9.9.9", "198.51.100.1"),  # two proxies
        ("10.1.2.3", "10.9.9.9", "10.9.9.9"),
        ("10.1.2.3", "nonsense", "10.1.2.3"),
        ("10.1.2.3", "1.2.3.4:99", "10.1.2.3"),
        ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("", "198.51.100.1", ""),
    ],
)
def test_forwarded_addresses_count_from_trusted_proxies_only(
    remote: str, forwarded: str, client: str
) -> None:
    assert client_address(remote, forwarded, PROXIES) == client


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True), ("localhost", True), ("127.8.8.8", True), ("::1", True),
        ("0.0.0.0", False), ("::", False), ("", False), ("192.0.2.1", False),
        ("no-such-host.invalid", False),
    ],
)  # fmt: skip
def test_which_hosts_only_this_machine_reaches(host: str, own: bool) -> None:
    assert is_this_machine(host) is own
