"""The letter: wording, layout, fields, signatures, late fields, lint and verification of one growing PDF."""
