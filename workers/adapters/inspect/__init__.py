"""Judges one upload; runs inside the cage only and touches nothing but the bytes it is given.

verdict     the door: bytes, name and profile in, an Inspection out
kinds       what the bytes really are, and whether they are two things at once
pdf         PDF: opens, cleans, saves; the modules `pdf_...` do the parts, `pdfium` is the door to what draws
picture     pictures: opens, looks, cleans; `segments`, `convert`, `measure` and `photo` do the parts
pages       page images and page texts for later tasks
warmup      loads every parser before the first fork
sentences   every sentence an applicant can get, in Bahasa Indonesia
wire        an Inspection as JSON and back, with everything that comes from a fork checked
"""
