"""Who used a person's data ("Ai đã xem dữ liệu của tôi"): from the ledger, told to the person and to portals on their behalf."""
