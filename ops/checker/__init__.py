"""The independent checker: holds every row and every stored file against the SOP, with SQL and hashing of its own.

It shares no code with the office it judges: nothing of `models`, `workers` or `api` is imported here.
`check` gives a report, `run_check` prints one. `report` says what a violation is; `rows` runs the SQL rules of
`history`, `endorsing`, `register`, `work` and `wall`; `cases` compares stage and evidence; `numbers` works out
numbers and validity anew; `files` reads the vault; `licence_pdf` looks into PDFs.
"""
