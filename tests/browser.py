"""Finds the browser that tests drive."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# no network of its own, no graphics card, and root may start it in a container
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MISSING = "no Chromium or Chrome found: install one or name it in LINLI_CHROMIUM"


def chromium_path() -> str | None:
    """The Chromium or Chrome named by LINLI_CHROMIUM, else an installed one, else None."""
    named = os.environ.get("LINLI_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    found = (shutil.which(name) for name in NAMES)
    places = (place for place in PLACES if Path(place).is_file())
    return next((path for path in (*found, *places) if path), None)
