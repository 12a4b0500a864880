"""Python's garbage collector, for processes that decide."""

import gc


def collect_rarely() -> None:
    """A batch makes some 100,000 objects and leaves none.

    The collector would walk all of the imported libraries several times a batch for nothing.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
