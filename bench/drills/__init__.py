"""Drills: what breaks is broken on purpose, under load, and what it cost is printed.

`make drill-restart` restarts two replicas in turn; `make drill-failover` kills a primary.
"""
