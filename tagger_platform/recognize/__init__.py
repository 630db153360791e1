"""Asking providers what a window is: one recognizer per provider, a panel that asks them, a budget for the metered."""
