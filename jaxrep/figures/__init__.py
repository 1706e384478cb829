"""Pictures of many nets: functions from arrays to matplotlib axes."""
