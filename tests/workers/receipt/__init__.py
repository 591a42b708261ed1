"""Receipts as they come out of a printer."""
