"""What the sources claim, as data, and how a result bears on it."""
