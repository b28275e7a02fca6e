"""Numbers with a meaning: a formula over datasets, a unit, thresholds, evidence."""
