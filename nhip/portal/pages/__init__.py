"""The public pages: for people who look for data, read them and take them along."""
