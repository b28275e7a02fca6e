"""Entity maps (CIM 009, 5.5.14, 5.14): what a query found, fixed for its following pages, with a lifetime."""
