"""The whole schema: whoever imports `metadata` from here has every table in it."""

from db import tables, tables_closed, tables_kept, tables_shared
from db.columns import metadata

__all__ = ["metadata", "tables", "tables_closed", "tables_kept", "tables_shared"]
