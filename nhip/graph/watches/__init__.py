"""Subscriptions to registrations (CIM 009 v1.9.1, 5.11): who wants to be told which context sources there are for something."""
