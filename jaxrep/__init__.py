"""Classic small networks, ten thousand at a time."""

__version__ = '0.1.0'
