"""What is to be learnt: pure functions that return arrays."""
