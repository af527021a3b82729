"""``make bench``: the hot requests beside their twins and beside other servers, on each database, in one run.

``--quick`` takes about three minutes, prints its tables and writes no file. A whole run writes bench/RESULTS.md,
bench/ratios.json and the plot that the README shows.
"""

import argparse
from dataclasses import replace

from bench.hot.files import commit, write_plot, write_results
from bench.hot.report import as_data, ratios, tables
from bench.hot.rows import ROWS
from bench.hot.run import QUICK, WHOLE, Measured, add_row, add_site, measure, peers, postgres_if_there, sites
from bench.recorded import record


def main() -> None:
    """Run, print, and write what a whole run writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer people, shorter rounds, no file is written")
    parser.add_argument("--rounds", type=int, help="how often each figure is taken")
    options = parser.parse_args()
    plan = QUICK if options.quick else WHOLE
    measured = Measured(replace(plan, rounds=options.rounds or plan.rounds))
    postgres, measured_commit = postgres_if_there(), commit()
    with sites(measured.plan, postgres) as running, peers(measured.plan, postgres) as others:
        for (database, size), server in running.items():
            add_site(measured, database, size, server)
        for peer in others:
            for row in (row for row in ROWS if "middle" in row.sizes):
                add_row(measured, "PostgreSQL", "middle", row, peer)
        measure(measured, postgres)
    print("\n".join(tables(measured)))
    if not options.quick:
        write_results(measured.plan, measured_commit, tables(measured))
        record("served", ratios(measured))
        write_plot(as_data(measured), people=measured.plan.sizes["middle"])


if __name__ == "__main__":
    main()
