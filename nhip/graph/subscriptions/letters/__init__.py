"""The outbox: notifications that are to arrive for certain wait in the database, written in the commit that they tell of."""
