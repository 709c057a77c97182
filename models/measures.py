"""What the databases measure of themselves, for monitoring."""

from prometheus_client import Histogram

# seconds: a good disk needs a tenth of a millisecond for a commit, a bad day five seconds
FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

COMMITTING = Histogram("linli_commit_seconds", "A commit, until it is durable", buckets=FAST)
