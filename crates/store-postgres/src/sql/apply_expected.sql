SELECT first_row, rows, encoded, forecast
FROM job_outcome
WHERE team_no = $1 AND job_id = $2 AND first_row BETWEEN $3 AND $4
ORDER BY first_row
