"""What of the station needs no browser: who may sit, the address, the keys, a machine that cannot draw."""

import socket

import pytest

from SpineGTRefineLib.errors import MissingDependencyError, UsageError
from SpineGTRefineLib.web.access import Address, Seat, is_local
from SpineGTRefineLib.web.graphics import require_graphics
from SpineGTRefineLib.web.keys import all_keys

KEPT_BY_BROWSERS = {"Ctrl+N", "Ctrl+T", "Ctrl+W", "Ctrl+Shift+N", "Ctrl+Shift+P", "Ctrl+Shift+T", "Ctrl+Shift+W"}


def test_one_person_sits_and_another_one_waits_or_takes_over():
    seat = Seat()
    assert seat.claim("one", "connection 1")
    assert not seat.claim("two", "connection 2")
    assert not seat.allows("connection 2")
    assert not seat.claim("one", "connection 2"), "knowing the name of the page does not help"
    assert not seat.lose("connection 2"), "who only waits cannot free the seat"
    assert seat.allows("connection 1")
    seat.take_over("two", "connection 2")
    assert seat.allows("connection 2")
    assert not seat.allows("connection 1")
    assert not Seat().allows("")
    assert not Seat().claim("", "connection")


def test_the_seat_is_kept_for_a_page_that_is_reloaded_and_then_free_for_others():
    seat = Seat()
    seat.claim("one", "before")
    assert seat.lose("before")
    assert not seat.claim("two", "other")
    assert seat.claim("one", "after")
    seat.clear()
    assert seat.allows("after"), "it had come back"
    seat.lose("after")
    seat.clear()
    assert seat.claim("two", "other")


def test_every_address_has_a_token_of_its_own():
    one, other = Address(), Address()
    assert one.token != other.token
    assert len(one.token) >= 32
    assert one.url(8080).startswith(f"http://127.0.0.1:8080/index.html?secret={one.token}&")
    assert "http://[::1]:80/" in Address("::1").url(80)
    assert f"http://{socket.gethostname()}:80/" in Address("0.0.0.0").url(80)
    with pytest.raises(UsageError):
        Address(port=70000)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_these_hosts_mean_this_machine(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gpu-server"])
def test_these_hosts_mean_others_too(host):
    assert not is_local(host)


def test_no_key_of_the_page_is_kept_by_browsers_or_given_twice():
    keys = [key.in_browser for key in all_keys()]
    assert len(set(keys)) == len(keys)
    assert not KEPT_BY_BROWSERS & set(keys)


def test_a_machine_that_cannot_draw_is_told_what_to_install(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nkill -SEGV $$\n")
    broken.chmod(0o755)
    with pytest.raises(MissingDependencyError, match="libegl1 libgl1"):
        require_graphics(str(broken))
