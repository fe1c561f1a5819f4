"""Stand-ins for other programs, always run as child processes."""
