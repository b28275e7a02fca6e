"""The model city: raw sources with planted faults and the ground truth about them."""
