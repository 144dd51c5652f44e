"""What the scripts share: named checks, each told as one line of JSON."""

import json
import sys
import time
import traceback

BOOTSTRAP = sys.argv[1] if len(sys.argv) > 1 else ""
PATIENCE_S = 60

_checks = []


def check(function):
    """Marks a function as a check; its name is the check's name."""
    _checks.append(function)
    return function


def run():
    """Runs all checks of the script in their order. One that fails doesn't keep the others from running."""
    for function in _checks:
        started = time.monotonic()
        try:
            detail, ok = function() or "", True
        except Exception:  # the line is the report
            detail, ok = traceback.format_exc(), False
        seconds = round(time.monotonic() - started, 2)
        line = {"check": function.__name__, "ok": ok, "seconds": seconds, "detail": str(detail)}
        print(json.dumps(line), flush=True)


def until(what, condition):
    """Waits until the condition gives something true, and returns it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


def equal(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"
