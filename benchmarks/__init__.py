"""
What deciding costs, whether it grows, and how soon an order follows a fill: `make bench`.

1. Every figure is the median of several rounds; the rounds of all rows of a group are interleaved, so that a machine
   that is busy for a while disturbs all of them alike. What is told first is a ratio to the group's first row.
2. What only computes is counted in processor time; what waits for disks and other processes by the clock on the wall.
3. Workloads follow from a seed. Nothing here passes or fails.
"""
