"""The import contracts of pyproject.toml, as `./dev check` asks for them.

import-linter can be run as a command only, not as a module, and the command's own path is not known
before the environment is made.
"""

import sys

from importlinter.cli import lint_imports_command

sys.exit(lint_imports_command())
