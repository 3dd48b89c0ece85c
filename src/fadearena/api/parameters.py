"""
Parameters that several endpoints take, under the names of the contract.

A filter that is there without a value, as the contract writes it (`botId=&asset=`), is as good as absent.
"""

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from fadearena.api.errors import Problem
from fadearena.api.schemas.common import TIME_MAX
from fadearena.model.units import EpochMs

_Absent = BeforeValidator(lambda given: None if given == "" else given)

BotIdParameter = Annotated[
    str | None,
    Query(alias="botId", max_length=64, description="Only of this bot, by its id.", examples=["grok-4"]),
    _Absent,
]
AssetParameter = Annotated[
    str | None,
    Query(max_length=64, description="Only of this coin, as the exchange names it.", examples=["BTC"]),
    _Absent,
]
StartTime = Annotated[EpochMs | None, Query(alias="startTime", ge=0, le=TIME_MAX, description="Not before, ms UTC.")]
EndTime = Annotated[EpochMs | None, Query(alias="endTime", ge=0, le=TIME_MAX, description="Not after, ms UTC.")]
AccountParameter = Annotated[
    str | None,
    Query(max_length=64, description="Only of this account of ours, by its id.", examples=["main"]),
    _Absent,
]


def check_span(since: EpochMs | None, until: EpochMs | None) -> None:
    """
    Refuse a span of time that holds nothing.

    Raises:
        Problem: 400, it ends before it begins.
    """
    if since is not None and until is not None and since > until:
        raise Problem(400, f"startTime {since} lies behind endTime {until}: nothing can be between them")
