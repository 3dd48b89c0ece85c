"""
The counter of the exchange in a box: JSON on one side, calls of the exchange on the other.

`requests`, `actions` and `subscriptions` are what clients send, `answers` what they get, `texts` how numbers and ids
are written. `info` reads and `acting` changes; `views` looks, `streams` tells; `sockets` and `peer` keep connections;
`gateway` joins them.
"""
