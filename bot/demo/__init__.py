"""A town to try the service in: sandbox, service and one clock in a single process."""
