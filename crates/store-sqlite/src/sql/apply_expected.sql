SELECT first_row, rows, encoded, forecast
FROM job_outcome
WHERE job_no = ?1 AND first_row BETWEEN ?2 AND ?3
ORDER BY first_row
