"""PostgreSQL and the object store: embedded server, pool, transactions, migrations, named SQL, blobs."""
