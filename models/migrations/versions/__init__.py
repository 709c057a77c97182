"""One file per step; each imports none of our code, so that it means the same for ever."""
