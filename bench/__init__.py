"""Measuring the service from outside: its own process, real HTTP, real files.

What is measured runs as `linli run` does; this process is the second one and holds Telegram's
stand-in, the residents and the clock. docs/performance.md tells how to read the figures.
"""
