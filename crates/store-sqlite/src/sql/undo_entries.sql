-- Values alone: whatever depends on the list besides is the same for all records of a chunk, and asked once.
SELECT "values", version FROM list_entry WHERE list_no = ?1 AND record_no = ?2
