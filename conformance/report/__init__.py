"""The result for people: a table for a terminal, and a document for an auditor."""
