"""The tables of the journal, as its statements know them; the migrations make them."""

from fadearena.adapters.sql.session import Table
from fadearena.ports.wakeups import Topic

ENTRY = Table(
    name="entry",
    columns=("seq", "received", "rules_version", "record_seq", "kind", "payload", "commands", "records", "crc"),
    types=("bigint", "bigint", "int", "bigint", "text", "bytea", "bytea", "bytea", "bigint"),
    key=("seq",),
    topic=Topic.JOURNAL,
)
SKIPPED = Table(
    name="skipped",
    columns=("seq", "actor", "reason", "time"),
    types=("bigint", "text", "text", "bigint"),
    key=("seq",),
)
SEGMENT = Table(
    name="segment",
    columns=("first_seq", "rules_version", "opened", "record_seq", "snapshot"),
    types=("bigint", "int", "bigint", "bigint", "bigint"),
    key=("first_seq",),
)
SNAPSHOT = Table(
    name="snapshot",
    columns=("id", "seq", "record_seq", "sealed"),
    types=("bigint", "bigint", "bigint", "int"),
    key=("id",),
)
SNAPSHOT_PART = Table(
    name="snapshot_part",
    columns=("snapshot", "key", "payload", "crc"),
    types=("bigint", "text", "bytea", "bigint"),
    key=("snapshot", "key"),
    conflict="ON CONFLICT (snapshot, key) DO UPDATE SET payload = excluded.payload, crc = excluded.crc",
)
LEASE = Table(
    name="lease",
    columns=("id", "epoch", "holder", "since"),
    types=("int", "bigint", "text", "bigint"),
    key=("id",),
)
KEPT = (ENTRY, SKIPPED, SEGMENT, SNAPSHOT, SNAPSHOT_PART)
"""What a backup holds: everything but the lease."""
