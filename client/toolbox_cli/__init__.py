"""The command line client of SRE Toolbox."""

# The platform's version, which a test holds it to: this package is installed without the platform.
__version__ = "1.0.0"
