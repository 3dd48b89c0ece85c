"""
An exchange in a box: it speaks Hyperliquid's protocol, with a market, traders and faults of its own.

1. It decodes and encodes with shapes of its own and shares no rule with the client, so that a mistake made on both
   sides does not cancel out; it borrows nothing but nouns of `model`, and the arena's made-up market and traders.
2. Data flows one way: a request becomes a call of the exchange, what happens there becomes news, and news become
   messages. Only `server` and `gateway` know JSON; the exchange knows neither sockets nor signatures.
3. Everything follows from the seed, the clock and the requests. Money and positions of all accounts sum up at any time.
"""
