"""What people do with open data: ask for more, comment, rate, follow changes, cite."""
