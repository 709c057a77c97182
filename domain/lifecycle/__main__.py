"""`python -m domain.lifecycle` prints docs/lifecycle.md."""

from domain.lifecycle.table import page

print(page(), end="")
