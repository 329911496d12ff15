"""Run the lab's command line as `python -m lab`."""

from lab.cli import main

main()
