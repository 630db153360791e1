"""What the processes say of themselves: logs today, metrics and traces later. Imports nothing of the path."""
