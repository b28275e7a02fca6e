"""The live city: things of the graph by type, each with what is known of it."""
