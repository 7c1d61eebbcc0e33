SELECT first_row, rows, encoded, forecast
FROM job_outcome
WHERE team_no = $1 AND job_id = $2 AND first_row <= $3
ORDER BY first_row DESC
LIMIT 1
