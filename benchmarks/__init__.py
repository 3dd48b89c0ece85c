"""
What deciding costs, and whether it grows: `make bench`, or `python -m benchmarks [--quick] [--json]`.

1. Every figure is the median of several rounds; the rounds of all rows of a group are interleaved, so that a machine
   that is busy for a while disturbs all of them alike. What is told first is a ratio to the group's first row.
2. Processor time is counted, not the clock on the wall. Workloads follow from a seed. Nothing here passes or fails.
"""
