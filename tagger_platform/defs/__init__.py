"""The only Dagster: one file per stage after the spool. Bodies ask, act and count; what they call lies below."""
