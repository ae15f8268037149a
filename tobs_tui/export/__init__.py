"""The engine: what to fetch, how it is cut, the three stages, the run, and the numbers that it shows."""
