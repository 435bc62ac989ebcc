"""Texts of SQL: fingerprints, redaction, tags of comments, verbs and tables; any text in, no literal out."""
