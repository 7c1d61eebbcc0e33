-- The rows themselves lie in files: the next job that has one, from the row after which the last page ended.
SELECT job_no, team.id, ifnull(staged, kept), total
FROM job JOIN team USING (team_no)
WHERE job_no >= ?1 AND (staged IS NOT NULL OR kept IS NOT NULL)
ORDER BY job_no
LIMIT 2
