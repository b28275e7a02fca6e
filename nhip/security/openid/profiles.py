"""Ready-made profiles: what is known of a kind of provider, to begin with. Everything in them can be changed."""

from __future__ import annotations

from nhip.security.openid.model import ClaimNames, Provider

GENERIC = Provider(
    name="openid",
    issuer="",
    client_id="",
    label_vi="Đăng nhập bằng tài khoản cơ quan",
    label_en="Sign in with your agency",
)

KEYCLOAK = Provider(
    name="keycloak",
    issuer="",
    client_id="nhip",
    claims=ClaimNames(organisation="organization"),
    acr_levels={"1": 1, "silver": 1, "2": 2, "gold": 2},
    amr_levels={"otp": 2, "mfa": 2, "hwk": 2, "swk": 2},
    label_vi="Đăng nhập bằng tài khoản của tỉnh",
    label_en="Sign in with the province's account",
)
"""Keycloak 25 and later. Level of assurance values are those of the realm's own mapping (ACR to LoA); name them as it does."""

VNEID = Provider(
    name="vneid",
    issuer="",
    client_id="",
    auth="private_key_jwt",
    scopes=("openid", "profile"),
    claims=ClaimNames(citizen_number="citizen_id"),
    acr_levels={"level1": 1, "level2": 2},
    minimum_level=2,
    unknown="citizen",
    vouches_for_number=True,
    label_vi="Đăng nhập bằng VNeID",
    label_en="Sign in with VNeID",
)
"""The national electronic identification. No specification for relying parties is public, so issuer, claim names and levels
are placeholders: fill in what the Ministry of Public Security's agreement with the province says, then test."""

PROFILES = {"generic": GENERIC, "keycloak": KEYCLOAK, "vneid": VNEID}
"""By name, for `nhip provider add --profile` and the console."""
