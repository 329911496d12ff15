"""Run the lab's command line as `python -m lab.cli`."""

from lab.cli import main

main()
