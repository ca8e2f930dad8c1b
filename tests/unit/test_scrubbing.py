"""Identities in the texts of others, in spellings that no pattern of addresses knows."""

from __future__ import annotations

from rtcp.transport.scrubbing import scrub, shortened


def test_an_id_that_is_no_address_is_masked_percent_encoded():
    assert scrub("no entity +49%20151%2F7", ["+49 151/7"]) == "no entity ***"


def test_an_id_is_masked_in_any_case():
    assert scrub("no entity JANE-DOE-7", ["jane-doe-7"]) == "no entity ***"


def test_what_the_cut_leaves_of_an_id_is_not_shown_behind_masked_ones():
    assert "ab" not in shortened(" ".join(["ab" * 150] * 10), ["ab" * 150])


def test_the_xid_of_somebody_who_was_not_asked_for_is_masked():
    assert scrub("linked to BUF9zMKLrXq72p4HfRjPyyYjvXyHdEQ and others") == "linked to *** and others"
