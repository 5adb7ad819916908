"""What every Python service of ours does the same way."""

__version__ = "3.2.1"
