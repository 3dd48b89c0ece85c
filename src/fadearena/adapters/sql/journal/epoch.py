"""Every transaction that writes asks first whether the epoch is still ours."""

from fadearena.adapters.sql.session import Session
from fadearena.model.error import LeaseLost

IS_OURS = "EXISTS (SELECT 1 FROM lease WHERE id = 1 AND epoch = ?{for_share})"
"""A condition of a statement that writes; on PostgreSQL the row stays as it is until that statement is committed."""


def guard(session: Session, epoch: int) -> None:
    """
    Refuse to go on with the present transaction under an epoch that is over.

    Raises:
        LeaseLost: Another process took the lease, or this one never did.
    """
    guard_held(epoch)
    if not session.rows(f"SELECT 1 FROM lease WHERE id = 1 AND epoch = ?{session.for_share}", (epoch,)):
        explain(session, epoch)


def guard_held(epoch: int) -> None:
    """
    Refuse to write without a lease.

    Raises:
        LeaseLost: The epoch is 0.
    """
    if not epoch:
        raise LeaseLost("this process does not hold the lease of the journal: only the worker that does may write")


def explain(session: Session, epoch: int) -> None:
    """
    Say who holds the lease, if it is not us.

    Raises:
        LeaseLost: It is not us.
    """
    found = session.rows("SELECT epoch, holder FROM lease WHERE id = 1")
    if not found or found[0][0] != epoch:
        now, holder = found[0] if found else (0, "nobody")
        raise LeaseLost(
            f"the lease of the journal is with {holder} (epoch {now}, ours was {epoch}): this worker must stop"
        )
