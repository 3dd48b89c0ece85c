"""Signed actions: what is sent, once, and what each answer means."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal as D
from random import Random
from typing import Any

import pytest

from fadearena.adapters.hyperliquid import actions
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.signing import Signer, sign_action
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvalidInput, OutcomeUnknown, VenueProtocolError, VenueRefused, VenueUnavailable
from fadearena.model.units import Side
from tests.support.wire_net import Answer, Frame, WireNet, ok

KEY = "0x" + "01" * 32
SIGNER = Signer(KEY)
SUB_ACCOUNT = "0x" + "5" * 40
CLOID = "0x" + "c" * 32
NOW = 1_760_000_000_000
DONE = ok({"status": "ok", "response": {"type": "default"}})

Act = Callable[[ExchangeClient], Awaitable[Any]]


class Desk:
    """A client on an exchange's wire in memory, on made-up time."""

    def __init__(self, *script: Answer) -> None:
        self.clock = ManualClock(NOW)
        self.net = WireNet(self.clock)
        self.net.script.extend(script)
        self.budget = RateBudget(self.clock, rng=Random(1))
        self.exchange = ExchangeClient(self.net, self.budget, SIGNER, mainnet=False)

    def act(self, act: Act) -> Any:
        """Do something."""

        async def main() -> object:
            return await act(self.exchange)

        return run_jumping(main(), self.clock)

    @property
    def sent(self) -> list[Frame]:
        """The bodies that left."""
        return [frame for _, path, frame in self.net.asked if path == "/exchange"]


@pytest.mark.parametrize(
    ("act", "action"),
    [
        (
            lambda e: e.market_order(
                0, Side.BUY, D("0.00125"), D(91_234), cloid=CLOID, signer=SIGNER.address, nonce=NOW
            ),
            actions.order(actions.limit_order(0, Side.BUY, D("0.00125"), D(91_234), cloid=CLOID)),
        ),
        (
            lambda e: e.cancel_by_cloid(110_002, CLOID, signer=SIGNER.address, nonce=NOW),
            actions.cancel_by_cloid((110_002, CLOID)),
        ),
        (
            lambda e: e.set_leverage(1, 5, is_cross=False, signer=SIGNER.address, nonce=NOW),
            actions.set_leverage(1, 5, is_cross=False),
        ),
        (lambda e: e.noop(signer=SIGNER.address, nonce=NOW), actions.noop()),
        (
            lambda e: e.send(actions.cancel((3, 7)), lane=Lane.CANCEL, signer=SIGNER.address, nonce=NOW),
            actions.cancel((3, 7)),
        ),
    ],
)
def test_an_action_leaves_signed_in_its_envelope(act: Act, action: dict[str, object]) -> None:
    """Action, nonce, signature and both options, null where unset; the answer comes back decoded."""
    desk = Desk(DONE)
    reply = desk.act(act)
    assert reply.status == "ok"
    signature = sign_action(action, key=KEY, nonce=NOW, mainnet=False)
    envelope = {"action": action, "nonce": NOW, "signature": signature, "vaultAddress": None, "expiresAfter": None}
    assert desk.sent == [envelope]
    assert list(desk.sent[0]["action"]) == list(action)


def test_sub_account_and_expiry_are_signed_and_sent() -> None:
    """Both stand in the envelope and in what is signed; on mainnet the signature is another."""
    desk = Desk(DONE, DONE)
    options: dict[str, Any] = {"vault_address": SUB_ACCOUNT, "expires_after": NOW + 5_000}
    desk.act(lambda e: e.noop(signer=SIGNER.address, nonce=NOW, **options))
    on_mainnet = ExchangeClient(desk.net, desk.budget, {SIGNER.address: SIGNER}, mainnet=True)
    desk.act(lambda _: on_mainnet.noop(signer=SIGNER.address, nonce=NOW, **options))
    for frame, mainnet in zip(desk.sent, (False, True), strict=True):
        assert (frame["vaultAddress"], frame["expiresAfter"]) == (SUB_ACCOUNT, NOW + 5_000)
        assert frame["signature"] == sign_action(
            actions.noop(),
            key=KEY,
            nonce=NOW,
            mainnet=mainnet,
            vault_address=SUB_ACCOUNT,
            expires_after=NOW + 5_000,
        )


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (VenueUnavailable("refused"), VenueUnavailable, "refused"),
        (OutcomeUnknown("timeout"), OutcomeUnknown, "timeout"),
        ((500, b"null"), OutcomeUnknown, "/exchange answered 500: no detail"),
        ((504, b"<html>"), OutcomeUnknown, "504"),
        ((429, b"null"), OutcomeUnknown, "429"),
        ((422, b"Failed to deserialize"), VenueRefused, "bad-request: /exchange answered 422"),
        ((400, b"Failed to parse"), VenueRefused, "400"),
        ((200, b"<html>"), VenueProtocolError, "the answer to noop cannot be read"),
        ((200, b'{"status":"maybe"}'), VenueProtocolError, "cannot be read"),
        ((302, b""), VenueProtocolError, "302"),
    ],
)
def test_nothing_is_sent_twice(answer: Answer, error: type[Exception], text: str) -> None:
    """Whatever goes wrong, the action left once; what may have been executed is no refusal."""
    desk = Desk(answer, DONE)
    with pytest.raises(error, match=text):
        desk.act(lambda e: e.noop(signer=SIGNER.address, nonce=NOW))
    assert len(desk.sent) == 1


def test_a_refusal_of_the_exchange_is_a_reply() -> None:
    """What the exchange says with status 200 is an answer, an error in it too."""
    desk = Desk(ok({"status": "err", "response": "Invalid nonce: duplicate nonce 5"}))
    reply = desk.act(lambda e: e.noop(signer=SIGNER.address, nonce=NOW))
    assert (reply.status, reply.response) == ("err", "Invalid nonce: duplicate nonce 5")


def test_a_429_pauses_the_lane_of_the_action_and_not_the_cancels() -> None:
    """The next order waits; cancels, and orders that only reduce, leave at once."""
    desk = Desk((429, b"null"), DONE, DONE, DONE)
    terms = (0, Side.SELL, D(1), D(100))

    async def acts(exchange: ExchangeClient) -> None:
        with pytest.raises(OutcomeUnknown):
            await exchange.market_order(*terms, cloid=CLOID, signer=SIGNER.address, nonce=1)
        waiting = asyncio.create_task(exchange.market_order(*terms, cloid=CLOID, signer=SIGNER.address, nonce=2))
        await asyncio.sleep(1)
        await exchange.cancel_by_cloid(0, CLOID, signer=SIGNER.address, nonce=3)
        await exchange.market_order(*terms, cloid=CLOID, reduce_only=True, signer=SIGNER.address, nonce=4)
        await waiting

    desk.act(acts)
    assert [frame["nonce"] for frame in desk.sent] == [1, 3, 4, 2]
    assert [at - NOW for at, *_ in desk.net.asked[:3]] == [0, 1_000, 1_000]
    assert desk.net.asked[3][0] - NOW >= 10_000


def test_what_would_leave_after_it_expires_does_not_leave() -> None:
    """An order whose turn within the rate limit comes too late is known not to have been sent."""
    desk = Desk(DONE)

    async def act(exchange: ExchangeClient) -> None:
        await desk.budget.take(Lane.CANCEL, 1_200)
        with pytest.raises(VenueUnavailable, match="nothing left"):
            await exchange.noop(signer=SIGNER.address, nonce=NOW, expires_after=NOW + 5_000)

    desk.act(act)
    assert desk.sent == []


def test_an_unknown_signer_or_action_is_refused_here() -> None:
    """Without a key for the signer, or with an action that cannot be hashed, nothing is sent."""
    desk = Desk(DONE)
    with pytest.raises(InvalidInput, match="no key for 0x5555"):
        desk.act(lambda e: e.noop(signer=SUB_ACCOUNT, nonce=NOW))
    with pytest.raises(InvalidInput):
        desk.act(lambda e: e.send({"type": "order", "p": 1.5}, lane=Lane.ORDER, signer=SIGNER.address, nonce=NOW))
    assert desk.sent == []


def test_keys_may_come_and_go() -> None:
    """They are asked for at each action: one that was loaded later signs, one that was taken away does not."""
    desk, keys = Desk(DONE), dict[str, Signer]()
    exchange = ExchangeClient(desk.net, desk.budget, keys, mainnet=False)
    for has_key in (False, True, False):
        keys |= {SIGNER.address: SIGNER} if has_key else {}
        if not has_key:
            keys.clear()
            with pytest.raises(InvalidInput, match="no key for"):
                desk.act(lambda _: exchange.noop(signer=SIGNER.address, nonce=NOW))
        else:
            desk.act(lambda _: exchange.noop(signer=SIGNER.address, nonce=NOW))
    assert len(desk.sent) == 1


def test_large_batches_weigh_more() -> None:
    """80 cancels in one action weigh 3."""
    desk = Desk(DONE)
    action = actions.cancel(*((0, n) for n in range(80)))
    desk.act(lambda e: e.send(action, lane=Lane.CANCEL, signer=SIGNER.address, nonce=NOW))
    assert desk.budget.use().used == 3
