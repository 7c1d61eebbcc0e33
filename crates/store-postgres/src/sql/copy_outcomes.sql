SELECT team.id, job_id, first_row, rows, encoded FROM job_outcome JOIN team USING (team_no)
