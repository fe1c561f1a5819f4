"""The vLLM environment (install, find, prove) and the vLLM process (start, phases, failures, stop, left-overs)."""
