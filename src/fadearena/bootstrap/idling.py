"""What people are told of bots that are idle: nothing is wrong with them or with us, they only do not trade."""

ADVICE = "`fadearena bots discover` ranks wallets that trade now"
