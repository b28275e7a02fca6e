"""Context source registrations: which other brokers hold what, found quickly, and asked (ETSI GS CIM 009 v1.9.1, 5.9, 5.10)."""
