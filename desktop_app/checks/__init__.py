"""The child program, with limits, that checks answers: patterns and schemas of strangers must not stop the window."""
