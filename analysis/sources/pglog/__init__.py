"""PostgreSQL server logs in every form that servers and clouds write them, to frames and to sums."""
