SELECT kind, next_major, next_minor, rows FROM copy_progress
