"""The clock door: says when to look; columns say what is due."""
