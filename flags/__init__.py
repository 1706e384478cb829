"""Flagfiles, one folder a study; installed as `jaxrep.flagfiles`."""
