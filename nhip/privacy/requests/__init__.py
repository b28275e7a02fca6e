"""The request desk: what data subjects ask for, and by when they must have it."""
