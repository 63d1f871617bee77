"""What is nobody's own: checks, threads, files, the log-like scale, rows of gray."""
