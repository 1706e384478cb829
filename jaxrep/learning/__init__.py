"""How weights change: rules, errors, and training by sweeps."""
