"""The matrix of the city: agencies and virtues, feeds by freshness, what there is to mend, alerts."""
