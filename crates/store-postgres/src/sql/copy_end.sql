DELETE FROM copy_progress
