"""Subscriptions (CIM 009 v1.9.1, 5.8): who wants to be told of which changes, finding them in memory, telling them."""
