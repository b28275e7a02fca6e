"""PostgreSQL and the object store: embedded server, pool, transactions, migrations, named SQL, blobs."""

from nhip.db.database import Connection, Database
from nhip.db.objects import Objects

__all__ = ["Connection", "Database", "Objects"]
