"""The experiment binaries: the only place with flags."""
