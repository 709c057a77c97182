"""Backups: one sealed file holds everything, and coming back is checked before it counts.

A backup is `linli-<UTC time>.tar.gz.age`: a tar with `linli.json` (what it is), the rows
(`linli.db`, or `tables/…`), the photos (`files/…`) and `contents.json` (counts and hashes), in the
age format, so that `age -d -i key FILE | tar tz` lists one without Linli.
"""
