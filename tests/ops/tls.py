"""TLS in front of a server that does not speak it, with a certificate made for the test."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

OPENSSL = shutil.which("openssl")
MISSING = "no openssl on this machine, which makes the certificate"


def certificate(folder: Path, name: str) -> Path:
    """One that vouches for itself, and its key, in one file; `name` as in `IP:127.0.0.1`."""
    assert OPENSSL
    files = [folder / "certificate.pem", folder / "key.pem"]
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test")
    said = ("-addext", f"subjectAltName={name}", "-out", str(files[0]), "-keyout", str(files[1]))
    subprocess.run([OPENSSL, *new, *said], check=True, capture_output=True)
    path = folder / "both.pem"
    path.write_text("".join(file.read_text() for file in files))
    return path


@contextmanager
def terminated(port: int, pem: Path) -> Iterator[int]:
    """A port of this machine that speaks TLS and hands on what it hears to the given one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):  # the end of the test
                while True:
                    came, _ = listener.accept()
                    Thread(target=_serve, args=(came, context, port), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(came: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError), came:  # who does not trust the certificate hangs up
        heard = context.wrap_socket(came, server_side=True)
        with heard, socket.create_connection(("127.0.0.1", port)) as behind:
            Thread(target=_pump, args=(behind, heard), daemon=True).start()
            _pump(heard, behind)


def _pump(heard: socket.socket, said: socket.socket) -> None:
    with suppress(OSError):
        while data := heard.recv(65_536):
            said.sendall(data)
    with suppress(OSError):
        said.shutdown(socket.SHUT_RDWR)
