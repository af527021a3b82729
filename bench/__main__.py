"""``make bench``: the hot requests beside their twins and beside other servers, on each database, in one run.

``--quick`` takes about three minutes, prints its tables and writes no file. A whole run writes bench/RESULTS.md,
bench/ratios.json and the plot that the README shows.
"""

import argparse
import sys

from bench.hot.report import tables
from bench.hot.rows import ROWS
from bench.hot.run import QUICK, WHOLE, Measured, add_row, add_site, measure, peers, postgres_if_there, sites


def main() -> None:
    """Run, print, and write what a whole run writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer people, shorter rounds, no file is written")
    options = parser.parse_args()
    measured = Measured(QUICK if options.quick else WHOLE)
    postgres = postgres_if_there()
    with sites(measured.plan, postgres) as running, peers(measured.plan, postgres) as others:
        for (database, size), server in running.items():
            add_site(measured, database, size, server)
        for peer in others:
            for row in (row for row in ROWS if "middle" in row.sizes):
                add_row(measured, "PostgreSQL", "middle", row, peer)
        measure(measured)
    print("\n".join(tables(measured)))
    for (database, row, server), reason in measured.reasons.items():
        print(f"{server} on {database}, {row}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
