import socket

import pytest

from backbeat.errors import DownloadError
from backbeat.intake.address_check import is_public, resolve_any, resolve_public


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2002:c0a8:101::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ],
)
def test_local_private_and_reserved_addresses_are_not_public(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_internet_addresses_are_public(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]".strip("[]"), "::ffff:127.0.0.1"])
def test_every_way_to_write_this_computer_is_refused_with_what_to_do(host: str) -> None:
    with pytest.raises(DownloadError, match="on this computer or the local network") as caught:
        resolve_public(host, 80)
    assert "allow_local_addresses" in caught.value.advice


def test_where_local_addresses_are_allowed_they_are_found() -> None:
    assert ("127.0.0.1", 8080) in {(address.ip, address.port) for address in resolve_any("127.0.0.1", 8080)}


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "."])
def test_an_unknown_host_is_said_to_be_unknown(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        host.encode("idna")  # as the real one does first
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # no test asks a name server
    with pytest.raises(DownloadError, match="There is no server called"):
        resolve_public(host, 80)
