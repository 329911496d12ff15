"""`python -m auditor.cli`: the same program as `auditor`."""

from auditor.cli import main

main()
