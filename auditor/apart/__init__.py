"""Programs apart from auditor, each with a licence and a file of its own: started, spoken with over pipes, never imported.

What they may do and why they stand apart: docs/licences.md and docs/rights.md.
"""
