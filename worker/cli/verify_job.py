"""One of the processes that `worker/cli/verify_jobs.py` starts, and no command of its own."""

import json
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from db.books import snapshot
from worker.cli.installation import database
from worker.cli.mending import explained
from worker.cli.verify_findings import findings_of
from worker.cli.verify_jobs import ERROR


def main(parent: Connection, exported: str) -> None:
    """Check the parts that come, until the parent hangs up."""
    with suppress(EOFError, OSError):
        try:
            with database() as engine, snapshot(engine, exported) as seen:
                while True:
                    first, end = json.loads(parent.recv_bytes())
                    parent.send_bytes(json.dumps(findings_of(seen, first, end).as_data()).encode())
        except (EOFError, OSError):
            raise
        except Exception as error:
            sentence = explained(error)
            if sentence is None:
                raise
            parent.send_bytes(json.dumps({ERROR: sentence}).encode())


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), sys.argv[2])
