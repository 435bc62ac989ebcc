"""PostgreSQL server logs."""
