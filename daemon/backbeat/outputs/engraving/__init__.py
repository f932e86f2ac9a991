"""Engraving: from MusicXML to pages. One file per engraver; `outputs/musicxml_to_pdf.py` chooses among them."""
