"""Jobs: rows in SQLite and what may happen to them."""
