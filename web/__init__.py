"""The HTTP door: health and metrics; the webhook's route is put here by bot/receive."""
