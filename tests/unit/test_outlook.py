"""What a failure lets one hope for."""

from __future__ import annotations

import pytest

import rtcp
from rtcp._outlook import Outlook, judge


def test_an_operation_that_the_service_does_not_have_is_final():
    assert judge(rtcp.ServerError("not implemented", status=501)) is Outlook.FINAL


@pytest.mark.parametrize("status", [404, 410])
def test_an_address_that_names_all_and_is_gone_is_hopeless(status):
    gone = rtcp.NotFoundError("gone", status=status)

    assert judge(gone, names_all=True) is Outlook.HOPELESS
    assert judge(gone) is Outlook.FINAL
