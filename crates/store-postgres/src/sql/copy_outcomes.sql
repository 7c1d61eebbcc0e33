SELECT team.id, job_id, first_row, rows, encoded, forecast FROM job_outcome JOIN team USING (team_no)
