"""Judges one upload; runs inside the cage only and touches nothing but the bytes it is given.

verdict     the door: bytes, name and profile in, an Inspection out
kinds       what the bytes really are, and whether they are two things at once
pdf         PDF: opens, walks, cleans; `pdf_walk`, `pdf_active`, `pdf_streams`, `pdf_pictures`, `pdf_look` do the parts
picture     pictures: opens, measures, cleans; `segments`, `convert`, `measure`, `photo` do the parts
pages       page images and page texts for later tasks
sentences   every sentence an applicant can get, in Bahasa Indonesia
wire        an Inspection as JSON and back, with everything that comes from a fork checked
"""
