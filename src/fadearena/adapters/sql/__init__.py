"""Journal and read store in a database: SQLite or PostgreSQL. All SQL of the project stands here."""
