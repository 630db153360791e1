"""What is done to the platform to see that it keeps its promises: one module a scenario.

What belongs here: the scenarios, each used by a short test (`tagger_platform_tests/faults`) and by its own long form
(`python -m benchmarks.faults.NAME`, figures in docs/reliability.md), and what they share. What is left to chance has
a seed.
"""
