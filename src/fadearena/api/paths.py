"""What stands in paths."""

from typing import Annotated

from fastapi import Path

BotIdPath = Annotated[str, Path(alias="botId", max_length=64, description="Id of a bot.")]
AccountIdPath = Annotated[str, Path(alias="accountId", max_length=64, description="Id of an account of ours.")]
LetterIdPath = Annotated[str, Path(alias="letterId", max_length=255, description="Id of an open dead letter.")]
EntryPath = Annotated[int, Path(alias="seq", ge=1, le=2**53 - 1, description="Number of an entry of the journal.")]
