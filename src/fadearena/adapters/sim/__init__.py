"""The venue of simulation and backtest: recorded wallets, paper accounts, a book and faults, no network."""
