INSERT INTO job_outcome (job_no, first_row, rows, encoded) VALUES (?1, ?2, ?3, ?4)
