"""The temporal interface of the graph (CIM 009, 5.6.11 to 5.6.16, 5.7.3, 5.7.4): what was, not only what is."""
