"""Which addresses count as private."""

from __future__ import annotations

import pytest

from civitai_manager_libs.network.connections import is_private_address, is_private_url


@pytest.mark.parametrize(
    "address, is_private",
    [
        *[(a, True) for a in "127.0.0.1 10.1.2.3 192.168.0.1 172.31.0.1 0.0.0.0".split()],
        *[(a, True) for a in "169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255".split()],
        *[(a, True) for a in "::1 :: fe80::1%eth0 fc00::1 ::ffff:10.0.0.1 ff02::1".split()],
        *[(a, True) for a in "64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::101:101 fec0::1".split()],
        *[(a, True) for a in "2002:7f00:1:: 2002:101:101::1 ::127.0.0.1 ::ffff:0:a00:1".split()],
        *[(a, False) for a in "64:ff9b::101:101 1.1.1.1 172.32.0.1 2606:4700::1111".split()],
        *[(a, False) for a in ("::ffff:1.1.1.1", "", "civitai.com", "300.1.1.1")],
    ],
)
def test_private_addresses_are_recognized(address, is_private):
    assert is_private_address(address) == is_private


@pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "a.localhost:80", "[::1]:80"])
def test_private_hosts_are_recognized_by_name(host):
    assert is_private_url(f"http://{host}/")
    assert not is_private_url("http://civitai.com/localhost")
