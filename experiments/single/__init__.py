"""Looking at one net of a record: the parts of `experiments.show`."""
