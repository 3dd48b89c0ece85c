"""The leaderboard's file; undocumented, its fields are those that several clients agree on."""
# ruff: noqa: N815 - the names are the exchange's own

import msgspec


class WindowPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """What a window brought; `roi` is a ratio, `vlm` the volume in USD."""

    pnl: str
    roi: str
    vlm: str


class LeaderboardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account; windows are `day`, `week`, `month` and `allTime`."""

    ethAddress: str
    accountValue: str
    windowPerformances: list[tuple[str, WindowPerformance]]
    displayName: str | None = None


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    """The file as a whole; its rows are read one by one."""

    leaderboardRows: list[msgspec.Raw]
