"""Find, identify and report surveillance devices on networks you are authorised to audit."""

__version__ = "0.1.0"
