"""Personal data: purposes, consent, requests of citizens, breaches, retention, who looked."""
