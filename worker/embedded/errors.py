"""The one error that callers of the embedded servers meet."""


class ServerError(RuntimeError):
    """A server could not be started; the message says what to do."""
