"""Two weeks of the company's past: the site's own services play them, with their clock moved. The demo only.

Three parts are rows that are stored at once, since playing them would take minutes: the counts of a cycle's reads,
those of the requests that were throttled on the first morning, and runs of the sync that changed nothing.
"""
