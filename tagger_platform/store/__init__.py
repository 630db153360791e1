"""The airplay log: one DuckDB file, opened briefly, in turn. SQL lives here and nowhere else."""
