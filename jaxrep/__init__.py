"""Classic small networks, ten thousand at a time."""
