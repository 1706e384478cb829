"""What the ledger is made of: runs, sections, pages."""
