"""`python -m worker.contract`: write the schemas and the AsyncAPI document.

With `--release`, keep them as what has been promised; refused when they break what was.
"""

import sys

from worker.contract.compatibility import broken
from worker.contract.files import release, released, write
from worker.contract.schemas import documents


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments not in ([], ["--release"]):
        sys.stderr.write("usage: python -m worker.contract [--release]\n")
        return 2
    for sentence in write():
        sys.stdout.write(f"{sentence}: written again\n")
    told = broken(released(), documents())
    for sentence in told:
        sys.stderr.write(f"breaks what was released: {sentence}\n")
    if told:
        return 1
    if arguments:
        release()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
