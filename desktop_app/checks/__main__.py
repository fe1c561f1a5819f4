"""The program that checks answers: one question a line as its input, one answer a line as its output, both JSON.

`client` starts it, so that a pattern or a schema which takes for ever, or takes all memory, takes nothing else along.
The question: `{"kind": "REGEX", "text", "ignore_case", "answer", "reference"}`; the answer: `{"passed": true | false |
null, "why"}`. It opens no file and no connection. It ends at the end of its input, thus with its parent, and a check
that takes more than `CPU_SECONDS` ends it by SIGPROF.
"""

import json
import resource
import signal
import sys
from typing import Any

from desktop_app.checks.limits import CPU_SECONDS, MEMORY
from desktop_app.checks.rules import checked
from desktop_app.domain.experiment import Check, CheckKind


def main() -> None:
    """Answer line by line until the input ends."""
    _limit()
    for line in sys.stdin.buffer:
        question = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        answer = _answer(question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _limit() -> None:
    """No more memory, no traces on the disk."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _answer(question: dict[str, Any]) -> dict[str, object]:
    check = Check(CheckKind[question["kind"]], question["text"], question["ignore_case"])
    try:
        result = checked(check, question["answer"], question["reference"])
    except MemoryError:
        return {"passed": None, "why": "Checking it takes more memory than a check may."}
    return {"passed": result.passed, "why": result.why}


if __name__ == "__main__":
    main()
