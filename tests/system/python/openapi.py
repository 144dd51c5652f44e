"""Requests that schemathesis makes up from a worker's OpenAPI document.

Arguments: the roots of the REST APIs of two workers, both asked the same, and how many requests of each kind to make up.
The first may hang at nothing, and answer with a failure of its own (5xx) only where the other does, too. Each operation
of the document is one line of JSON.
"""

import json
import sys
import time

import hypothesis
import requests
import schemathesis
from schemathesis import GenerationMode

OURS, OTHER = sys.argv[1], sys.argv[2]
EXAMPLES = int(sys.argv[3])
KNOWN = "openapi"
# Beyond what any answer may take: a request of a worker that is well has no reason to wait.
HANGS_S = 20
SEED = 20250
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


def sent(case, root):
    """The status and text of an answer, or what kept it from coming."""
    try:
        answer = case.call(base_url=root, timeout=HANGS_S)
    except requests.Timeout:
        return 0, f"no answer within {HANGS_S} s"
    except (requests.RequestException, UnicodeError, ValueError) as error:
        return None, repr(error)
    return answer.status_code, answer.text


def create_known():
    """Both workers get a stopped connector, unless they have it."""
    config = {"connector.class": "FileStreamSource", "tasks.max": "1", "topic": "openapi"}
    for root in OURS, OTHER:
        body = {"name": KNOWN, "config": config, "initial_state": "STOPPED"}
        for _ in range(100):
            answer = requests.post(f"{root}/connectors", json=body, timeout=HANGS_S)
            if answer.status_code == 201 or "already exists" in answer.text:
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(answer.text)


def play(operation, mode):
    """Asks for made up things. Gives how many answers came by their status, and what is wrong with them."""
    statuses, failures, asked_of_known = {}, [], 0

    @hypothesis.seed(SEED)
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @SETTINGS
    def ask(case):
        nonlocal asked_of_known
        parameters = case.path_parameters or {}
        if "connector" in parameters:
            asked_of_known += 1
            if asked_of_known % 2:
                case.path_parameters["connector"] = KNOWN
        status, text = sent(case, OURS)
        if status is None:
            # Such a request can't be sent at all.
            return
        statuses[status] = statuses.get(status, 0) + 1
        other, other_text = sent(case, OTHER)
        if case.method == "DELETE" and parameters.get("connector") == KNOWN:
            create_known()
        if status == 0 or (status >= 500 and (other is None or other < 500)):
            asked = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"
            failures.append(f"{asked[:300]}: {status} {text[:300]}, the other: {other} {other_text[:300]}")

    ask()
    return statuses, failures


def main():
    schema = schemathesis.openapi.from_url(f"{OURS}/openapi.json")
    create_known()
    for operation, mode in ((all.ok(), mode) for all in schema.get_all_operations() for mode in GenerationMode):
        started = time.monotonic()
        try:
            statuses, failures = play(operation, mode)
        except hypothesis.errors.Unsatisfiable:
            # Nothing can be wrong with a request that takes nothing.
            continue
        line = {
            "check": f"{operation.method.upper()} {operation.path}, {mode.value} requests",
            "ok": not failures,
            "seconds": round(time.monotonic() - started, 2),
            "statuses": statuses,
            "detail": "\n".join(failures[:5]),
        }
        print(json.dumps(line), flush=True)


main()
