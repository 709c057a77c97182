"""Use cases: plain functions on an open transaction. The only place where facts change."""
