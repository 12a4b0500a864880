"""What outsiders depend on, in a form that their tools read: JSON Schema and AsyncAPI.

Nothing here runs in the worker. The schemas are made from the hints that the codec reads, so a
field is declared once; `python -m worker.contract` writes them into the repository.
"""

VERSION = "0.1.0"
"""The contract's version, which is the package's."""
