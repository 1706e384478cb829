"""What was learnt: pure functions from weights to numbers."""
