"""Why a command stops."""


class Cannot(Exception):
    """One sentence that says what is wrong and what to do; exit status 1."""


class InUse(Cannot):
    """Another process has the database, and only one may."""
