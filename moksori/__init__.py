"""Wires the parts together: the command line, the one-machine supervisor, the demo and the doctor."""

__version__ = "0.1.0"
