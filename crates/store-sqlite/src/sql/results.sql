SELECT first_row, rows, encoded, forecast
FROM job_outcome
WHERE job_no = (SELECT job_no FROM job JOIN team USING (team_no) WHERE job.id = ?1 AND team.id = ?2)
    AND first_row <= ?3
ORDER BY first_row DESC
LIMIT 1
