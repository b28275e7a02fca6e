"""Distributed subscriptions: sources notify us of what they hold, we pass it on (ETSI GS CIM 009 v1.9.1, 5.8.1.4, 5.8.6)."""
