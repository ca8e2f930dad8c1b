"""Bearer tokens: given ready, or fetched from IMS and kept fresh."""

from __future__ import annotations

from rtcp.auth.cache import TokenCache
from rtcp.auth.ims import Ims
from rtcp.auth.token import FreshToken, GivenToken
from rtcp.auth.values import FetchedToken

__all__ = ["FetchedToken", "FreshToken", "GivenToken", "Ims", "TokenCache"]
