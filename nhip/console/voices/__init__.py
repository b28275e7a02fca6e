"""What readers ask and say: looking before it is shown, routing, answering."""
