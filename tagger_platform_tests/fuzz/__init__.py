"""Rubbish in: whatever comes, each input ends in a value or in one of our errors with a sentence.

What belongs here: one module per kind of input, each with its `TARGETS`, and running them: few times in CI
(`test_fuzz`) or many times (``python -m tagger_platform_tests.fuzz --inputs 100000``). What does not: inputs that a
test can name.
"""
