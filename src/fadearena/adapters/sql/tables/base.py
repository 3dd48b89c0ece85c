"""What all tables share: where they are declared, how their keys and indexes are named, the id of single rows."""

from sqlalchemy import MetaData

SINGLE = "default"
"""The id of the only row of a table that has but one."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
    }
)
