"""What commands have done by the running service, where only one process may write (SQLite)."""
