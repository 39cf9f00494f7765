"""The reference library of *Know What You Don't Know*: one module per topic of the course."""

__version__ = "0.1.0"
