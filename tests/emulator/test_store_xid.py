"""XIDs: decodable by us, opaque to others, and never confused with plain ids."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import Identity, Store, StoreError
from rtcp.emulator.store.definitions import decode_xid, encode_xid

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@given(st.integers(0, 2**40), ANY_TEXT)
def test_an_xid_decodes_to_what_it_was_made_of(namespace, value):
    assert decode_xid(encode_xid(namespace, value)) == (namespace, value)


@given(st.integers(0, 2**40), ANY_TEXT)
def test_an_xid_needs_no_quoting_in_a_url(namespace, value):
    assert re.fullmatch(r"[A-Za-z0-9_-]+", encode_xid(namespace, value))


@pytest.mark.parametrize(
    "text", ["", "14048", "A", "jane@example.com", "89149270342662559642753730269986316601", "ü", "C-1001"]
)
def test_plain_ids_are_no_xids(text):
    assert decode_xid(text) is None


@given(st.integers(0, 300), st.text(min_size=1, max_size=20), st.data())
def test_an_xid_with_a_changed_character_is_none(namespace, value, data):
    xid = encode_xid(namespace, value)
    position = data.draw(st.integers(0, len(xid) - 1))
    other = data.draw(st.sampled_from("AZaz09-_.=~").filter(lambda character: character != xid[position]))

    assert decode_xid(xid[:position] + other + xid[position + 1 :]) is None


def test_a_payload_that_is_no_text_is_no_xid():
    import zlib
    from base64 import urlsafe_b64encode

    payload = b"\x06\xff\xfe"
    raw = (zlib.crc32(payload) & 0xFFFFFF).to_bytes(3, "big") + payload

    assert decode_xid(urlsafe_b64encode(raw).decode().rstrip("=")) is None


def test_an_xid_is_the_same_in_every_store():
    first, second = (Store(clock=Clock()) for _ in range(2))
    jane = Identity("Email", "jane@example.com")

    assert first.sandbox("prod").xid(jane) == second.sandbox("dev").xid(jane)
    first.close()
    second.close()


def test_an_xid_of_a_namespace_unknown_here_is_none():
    store = Store(clock=Clock())

    assert store.sandbox("prod").parse_xid(encode_xid(77_777, "x")) is None
    with pytest.raises(StoreError, match="no namespace 'nowhere'"):
        store.sandbox("prod").xid(Identity("nowhere", "x"))
    store.close()
