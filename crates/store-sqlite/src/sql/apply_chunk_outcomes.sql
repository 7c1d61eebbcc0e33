INSERT INTO job_outcome (job_no, first_row, rows, encoded, forecast) VALUES (?1, ?2, ?3, ?4, ?5)
