"""Runs the migrations on the connection that `db.migrate` hands over."""

from alembic import context
from sqlalchemy.engine import Connection

from db.schema import metadata

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection), "run the migrations with `scrip migrate`"
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
