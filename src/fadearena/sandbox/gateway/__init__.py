"""
The counter of the exchange in a box: JSON on one side, calls of the exchange on the other.

`requests`, `actions` with `owners`, and `subscriptions` are what clients send, `answers` what they get, `texts` how
numbers and ids are written. `reception` reads a request, `info` looks and `acting` changes; `views` and `streams` tell;
`sockets` and `peer` keep connections; `gateway` joins them. `faults` can be asked for, `troubles` says whom they meet,
and `handling` is what they do to a request. `proofs` are what clients are judged by.
"""
