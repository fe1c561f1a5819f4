"""How fast, how smooth and how quiet the program is, as ratios against what the same machine can do at best.

`make bench` runs `python -m tests.benchmarks build/bench.json`. Nothing here is asserted: a busy machine makes figures
worse, not the program wrong.
"""
