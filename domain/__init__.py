"""The rules of the field: pure functions over frozen dataclasses, without clock, rows or I/O."""
