"""How large a check may be, and what it may cost. Used by the program that checks, by its rules and by its client."""

MAX_PATTERN = 10_000
"""Characters of a pattern."""
MAX_SCHEMA = 50_000
"""Characters of a JSON schema; whether it is one takes up to a third of a second."""
MAX_ANSWER = 5_000_000
"""Characters of an answer, and of what it is compared with."""
CPU_SECONDS = 2.0
"""Of one check: most need less than a thousandth. Not the clock's, for a busy machine must not change a verdict."""
WALL_SECONDS = 60.0
"""Of one check and of the start of the program, on a machine that is very busy."""
MEMORY = 1_000_000_000
"""Bytes of address space of the program that checks."""
