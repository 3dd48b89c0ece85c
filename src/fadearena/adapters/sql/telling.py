"""How a transaction on PostgreSQL tells others that it was committed: on a channel for each schema and topic."""

from typing import Final

import sqlalchemy as sa

from fadearena.adapters.sql.database import PostgresDatabase, Tree
from fadearena.ports.wakeups import Topic

TREES: Final[dict[Topic, Tree]] = {Topic.JOURNAL: "journal", Topic.RECORDS: "read", Topic.CONTROL: "read"}
"""In which tree of tables each is committed."""


def channel_of(database: PostgresDatabase, topic: Topic) -> str:
    """Return the channel on which a topic is told."""
    return f"{database.schema(TREES[topic])}.{topic}"


def told(topic: Topic) -> str:
    """Return the expression that tells of a topic once the transaction is committed, seen from its schema."""
    return f"pg_notify(current_schema() || '.{topic}', '')"


_TOLD = {topic: sa.text(f"SELECT {told(topic)}") for topic in Topic}


def tell(connection: sa.Connection, topic: Topic) -> None:
    """Have others told when this transaction is committed; SQLite cannot."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TOLD[topic])
