"""SQLite: conversations and settings."""
