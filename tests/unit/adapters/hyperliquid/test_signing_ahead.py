"""Orders that are signed before they are made durable: nothing leaves before it is sent, and nothing else than that."""

from contextlib import suppress
from functools import partial

import pytest

from fadearena.adapters.hyperliquid.rest.exchange import PRESIGNED_MAX
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.model.command import BurnNonce
from fadearena.model.error import VenueProtocolError, VenueUnavailable
from tests.support.hyperliquid import ALICE, NOW
from tests.support.hyperliquid_venue import CLOID, SIGNER
from tests.support.order_stage import Stage, order, reply


class Counting:
    """Keys that count how often they are asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def get(self, address: str, /) -> Signer | None:
        """Return the key."""
        self.asked += 1
        return SIGNER if address == SIGNER.address else None


def test_an_order_may_be_signed_ahead() -> None:
    """What leaves is the same; it is signed once, and nothing leaves before it is sent."""
    keys = Counting()
    ahead, plain = Stage(keys=keys), Stage()

    async def story() -> None:
        ahead.venue.presign(order())
        await ahead.listener.wait(10_000)
        assert ahead.posted == []
        await ahead.place()

    ahead.play(story)
    plain.play(plain.place)
    assert ahead.posted == plain.posted
    assert keys.asked == 1


def test_what_was_signed_ahead_for_something_else_is_not_sent() -> None:
    """A noop bears its order's nonce; it is signed for itself, and so is an order that differs."""
    stage, plain = Stage(noop=reply()), Stage(noop=reply())
    burn = BurnNonce(account="main", signer=SIGNER.address, cloid=CLOID, nonce=NOW + 1)

    async def story(each: Stage) -> None:
        for command in (burn, order(reduce_only=True)):
            if each is stage:
                each.venue.presign(order())
            with suppress(VenueProtocolError):
                await each.venue.execute(command)

    for each in (stage, plain):
        each.play(partial(story, each))
    assert stage.posted == plain.posted
    assert len(stage.posted) == 2


def test_what_cannot_be_signed_ahead_is_said_when_it_is_sent() -> None:
    """An account that is not served, a key that is not there: signing ahead says nothing."""
    stage = Stage()
    keyless = BurnNonce(account="main", signer=ALICE, cloid=CLOID, nonce=NOW)

    async def story() -> None:
        for command in (keyless, BurnNonce(account="nobody", signer=ALICE, cloid=CLOID, nonce=NOW)):
            stage.venue.presign(command)
        with pytest.raises(VenueUnavailable, match="there is no key"):
            await stage.venue.execute(keyless)

    stage.play(story)


def test_few_signed_orders_are_kept() -> None:
    """What is never sent is forgotten, the oldest first."""
    keys = Counting()
    stage = Stage(keys=keys)

    async def story() -> None:
        burns = [
            BurnNonce(account="main", signer=SIGNER.address, cloid=CLOID, nonce=NOW + n)
            for n in range(PRESIGNED_MAX + 1)
        ]
        for burn in burns:
            stage.venue.presign(burn)
        for burn in burns:
            await stage.venue.execute(burn)

    stage.desk.answers["noop"] = {"status": "ok", "response": {"type": "default"}}
    stage.play(story)
    assert keys.asked == PRESIGNED_MAX + 2
