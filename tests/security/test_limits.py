"""Buckets under a held clock, the layer under floods, and whose address counts behind proxies."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request, get, post

from nhip.app import create_app
from nhip.errors import BadInput
from nhip.kernel.time import held, monotonic
from nhip.security.limits import SAFE, Limiter, kinds_of
from nhip.security.peers import THIS_MACHINE, address_in, believed, client_of, counted_as, networks
from nhip.security.permissions.catalogue import PUBLIC
from nhip.security.permissions.guard import list_routes
from nhip.security.protect import client_address
from nhip.settings import Settings
from nhip.web import metrics
from tests.security.edge import client_at, small

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(seconds: float) -> held:
    return held(NOON + timedelta(seconds=seconds))


# --- buckets -----------------------------------------------------------------------------------------------------


def test_a_bucket_empties_at_once_and_fills_evenly() -> None:
    limiter = Limiter(per_minute=60, burst=5)
    with at(0):
        assert [limiter.take("a") for _ in range(5)] == [0.0] * 5
        assert limiter.take("a") == pytest.approx(1.0)
        assert limiter.take("b") == 0.0
    with at(0.5):
        assert limiter.take("a") == pytest.approx(0.5)
    with at(1):
        assert limiter.take("a") == 0.0
        assert limiter.take("a") == pytest.approx(1.0)
    with at(100):
        assert [limiter.take("a") > 0 for _ in range(6)] == [False] * 5 + [True]


@given(
    st.integers(1, 600),
    st.integers(1, 50),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 60)), min_size=1, max_size=80),
)
def test_no_schedule_gets_more_than_burst_and_pace(
    per_minute: int, burst: int, steps: list[tuple[float, float]]
) -> None:
    limiter, now, taken = Limiter(per_minute, burst), 0.0, 0.0
    for pause, cost in steps:
        now += pause
        with at(now):
            wait = limiter.take("a", cost)
        taken += 0 if wait else min(cost, burst)
        assert taken <= burst + now * per_minute / 60 + 1e-3
        if wait:
            with at(now + wait + 1e-3):
                assert Limiter.take(_copy(limiter), "a", cost) == 0.0


def _copy(limiter: Limiter) -> Limiter:
    twin = Limiter(limiter.pace * 60, limiter.burst)
    twin._buckets = limiter._buckets.copy()
    return twin


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    limiter = Limiter(per_minute=60, burst=2)
    with at(100):
        assert limiter.take("a") == limiter.take("a") == 0.0
    with at(0):
        assert limiter.take("a") == pytest.approx(1.0)


@given(st.lists(st.integers(0, 200), max_size=400))
def test_memory_is_bounded_and_the_active_stay(keys: list[int]) -> None:
    limiter = Limiter(per_minute=1, burst=1, most=10)
    with at(0):
        for key in keys:
            limiter.take(str(key))
            assert len(limiter) <= 10
            assert limiter.take(str(key)) > 0


def test_nought_switches_a_limit_off() -> None:
    limiter = Limiter(0)
    assert [limiter.take("a") for _ in range(1000)] == [0.0] * 1000 and len(limiter) == 0


def test_the_steps_of_the_clock_never_go_back() -> None:
    first = monotonic()
    assert monotonic() >= first
    with held(NOON):
        assert monotonic() == NOON.timestamp()


# --- the layer ---------------------------------------------------------------------------------------------------


@get("/page")
async def page() -> str:
    return "page"


@post("/signin", status_code=204)
async def signin() -> None:
    pass


@get("/signin")
async def form() -> str:
    return "form"


@get("/data/export.csv")
async def export() -> str:
    return "a"


ROUTES = (page, signin, form, export)
TIGHT = Settings(requests_per_minute=60, signins_per_minute=3, heavy_per_minute=4)


async def statuses(client, method: str, path: str, times: int) -> list[int]:
    return [(await client.request(method, path)).status_code for _ in range(times)]


def local(app, address: str):
    return client_at(app, address, "http://127.0.0.1")


async def test_a_flood_is_answered_with_when_to_come_again() -> None:
    async with local(small(TIGHT, *ROUTES), "198.51.100.7") as client:
        with at(0):
            assert await statuses(client, "GET", "/page", 10) == [200] * 10
            answer = await client.get("/page", headers={"accept": "application/json"})
            assert (answer.status_code, answer.headers["retry-after"], answer.json()["key"]) == (429, "1", "TooMany")
            assert answer.headers["content-security-policy"]
            text = (await client.get("/page", headers={"accept": "text/html", "accept-language": "en"})).text
            assert "<h1>" in text and "Too many requests" in text
        with at(1):
            assert await statuses(client, "GET", "/page", 2) == [200, 429]
    assert 'nhip_requests_refused_total{reason="rate_requests"}' in metrics.exposition()


async def test_signing_in_is_limited_more_and_reading_its_page_is_not() -> None:
    async with local(small(TIGHT, *ROUTES), "198.51.100.7") as client:
        with at(0):
            assert await statuses(client, "POST", "/signin", 4) == [204, 204, 204, 429]
            assert await statuses(client, "GET", "/signin", 4) == [200] * 4
        with at(20):
            assert await statuses(client, "POST", "/signin", 2) == [204, 429]


async def test_whole_files_are_limited_more() -> None:
    async with local(small(TIGHT, *ROUTES), "198.51.100.7") as client:
        with at(0):
            assert await statuses(client, "GET", "/data/export.csv", 3) == [200, 200, 429]
            assert await statuses(client, "GET", "/page", 1) == [200]


async def test_addresses_do_not_pay_for_each_other_but_a_network_does() -> None:
    app = small(TIGHT, *ROUTES)
    with at(0):
        async with local(app, "198.51.100.7") as client:
            assert (await statuses(client, "GET", "/page", 11))[-1] == 429
        async with local(app, "198.51.100.8") as client:
            assert await statuses(client, "GET", "/page", 1) == [200]
        async with local(app, "2001:db8:1:2::1") as client:
            assert await statuses(client, "GET", "/page", 10) == [200] * 10
        async with local(app, "2001:db8:1:2:ffff::9") as client:
            assert await statuses(client, "GET", "/page", 1) == [429]
        async with local(app, "2001:db8:1:3::1") as client:
            assert await statuses(client, "GET", "/page", 1) == [200]


async def test_a_stranger_cannot_choose_the_address_that_is_counted() -> None:
    async with local(small(TIGHT, *ROUTES), "198.51.100.7") as client:
        with at(0):
            sent = [
                (await client.get("/page", headers={"x-forwarded-for": f"203.0.113.{n}"})).status_code
                for n in range(11)
            ]
    assert sent == [200] * 10 + [429]


async def test_behind_a_believed_proxy_each_client_has_its_own_bucket() -> None:
    settings = Settings(requests_per_minute=60, trusted_proxies="10.0.0.0/8")
    async with local(small(settings, *ROUTES), "10.0.0.1") as client:
        with at(0):
            for n in range(30):
                headers = {"x-forwarded-for": f"6.6.6.6, 203.0.113.{n}"}
                assert (await client.get("/page", headers=headers)).status_code == 200
            own = [
                (await client.get("/page", headers={"x-forwarded-for": f"{n}.1.1.1, 198.51.100.9"})) for n in range(11)
            ]
    assert [answer.status_code for answer in own] == [200] * 10 + [429]


async def test_static_files_are_free() -> None:
    async with local(small(TIGHT, *ROUTES), "198.51.100.7") as client:
        with at(0):
            assert await statuses(client, "GET", "/static/x/nhip.css", 30) == [200] * 30
            assert await statuses(client, "GET", "/page", 1) == [200]


async def test_two_hundred_officials_behind_one_address_are_not_shut_out() -> None:
    """The morning of an office: within two minutes all sign in nearly at once, open the console and read on."""
    async with local(small(Settings(), *ROUTES), "198.51.100.7") as client:
        refused = 0
        for second in range(240):
            with at(second):
                if second % 6 < 5:
                    refused += (await statuses(client, "POST", "/signin", 1)).count(429)
                refused += (await statuses(client, "GET", "/page", 20)).count(429)
    assert refused == 0


def test_paths_where_secrets_are_tried_are_told_apart() -> None:
    for path in (
        "/signin",
        "/signin/code",
        "/setup",
        "/recover",
        "/recovery/abc",
        "/oauth/token",
        "/api/token",
        "/passkey/verify",
    ):
        assert kinds_of("POST", path) == ("requests", "signin"), path
    assert kinds_of("GET", "/signin/openid/hue/callback") == ("requests", "signin")
    assert kinds_of("GET", "/signin") == kinds_of("POST", "/console/signings") == ("requests",)
    assert kinds_of("POST", "/console/datasets/x/upload") == kinds_of("GET", "/x/export.json") == ("requests", "heavy")


def test_every_change_that_a_stranger_may_ask_for_is_limited_as_a_sign_in() -> None:
    """Unsafe routes that need no right are where guessing would happen; a new one has to be thought of here."""
    public = [
        line for line in list_routes(create_app(Settings())) if line.permission == PUBLIC and line.method not in SAFE
    ]
    loose = {line.path for line in public if "signin" not in kinds_of(line.method, line.path)}
    reading = {"/api/3/action/{action:str}", "/api/action/{action:str}"}  # CKAN's clients ask by POST; nothing changes
    sealed = {"/unsubscribe/{token:str}"}  # signed by us: nothing to guess, and mail providers press it for many
    assert public and loose <= {"/signout", "/static", "/openid/{name:str}/backchannel", *reading, *sealed}


# --- addresses behind proxies ------------------------------------------------------------------------------------

V4 = st.ip_addresses(v=4)
ANY = st.ip_addresses()
PROXIES = (*THIS_MACHINE, ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
INSIDE = st.integers(0, 2**24 - 1).map(lambda n: str(ipaddress.ip_address(0x0A000000 + n)))
OUTSIDE = ANY.filter(
    lambda a: not any(a.version == n.version and a in n for n in PROXIES) and not getattr(a, "ipv4_mapped", None)
).map(str)


@given(st.lists(st.text(max_size=20)), OUTSIDE, st.lists(INSIDE, max_size=10), INSIDE)
def test_the_rightmost_address_that_is_no_proxy_wins(lies: list[str], client: str, hops: list[str], peer: str) -> None:
    told = ", ".join([*lies, client, *hops])
    assert client_of(peer, [told], PROXIES) == client
    assert client_of(peer, [*lies, client, *hops], PROXIES) == client


@given(OUTSIDE, st.lists(st.text()))
def test_a_peer_that_is_no_proxy_is_the_client_whatever_it_says(peer: str, told: list[str]) -> None:
    assert client_of(peer, told, PROXIES) == peer


@given(INSIDE, st.lists(st.text(), max_size=5))
def test_whatever_is_told_the_answer_is_an_address(peer: str, told: list[str]) -> None:
    assert address_in(client_of(peer, told, PROXIES)) is not None


@given(st.ip_addresses(v=6))
def test_a_customer_of_ipv6_has_one_key(address: ipaddress.IPv6Address) -> None:
    if address.ipv4_mapped is None:
        neighbour = ipaddress.IPv6Address(int(address) ^ 0xFFFF)
        if neighbour.ipv4_mapped is None:
            assert counted_as(str(address)) == counted_as(str(neighbour))
        assert counted_as(str(address)) != counted_as(str(ipaddress.IPv6Address(int(address) ^ 1 << 64)))


@given(V4)
def test_wrapped_ipv4_counts_as_ipv4(address: ipaddress.IPv4Address) -> None:
    assert counted_as(f"::ffff:{address}") == counted_as(f"{address}:4711") == str(address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9:51234 ", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_hop_is_read_in_every_spelling(text: str, address: str) -> None:
    assert str(address_in(text)) == address


@pytest.mark.parametrize(
    "text", ["", "unknown", "_hidden", "example.org", "0x7f000001", "1.2.3", "1.2.3.4.5", "x" * 5000]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_in(text) is None


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("::1", "x" * 500, "::1"),
    ],
)
def test_without_settings_only_a_proxy_on_this_machine_is_believed(peer: str, told: str, address: str) -> None:
    headers = [(b"x-forwarded-for", told.encode())] if told else []
    assert client_address(Request({"type": "http", "headers": headers, "client": (peer, 1)})) == address


async def test_the_setting_reaches_the_handlers() -> None:
    @get("/who")
    async def who(request: Request) -> str:
        return client_address(request)

    app = small(Settings(trusted_proxies="10.0.0.0/8, fd00::/8"), who)
    async with local(app, "10.1.1.1") as client:
        answer = await client.get("/who", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9, fd00::2"})
    assert answer.text == "203.0.113.9"


def test_an_unreadable_setting_is_named_and_stops_the_start() -> None:
    with pytest.raises(BadInput, match="trusted_proxies"):
        networks("10.0.0.0/99", "trusted_proxies")
    with pytest.raises(BadInput, match="trusted_proxies"):
        small(Settings(trusted_proxies="the proxy"))
    assert believed(None) == THIS_MACHINE
