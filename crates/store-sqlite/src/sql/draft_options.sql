SELECT list_id, property, draft_option.id, slug, value, sort_index
FROM draft_option
WHERE job_no = (
    SELECT job_no FROM job JOIN team USING (team_no) WHERE job.id = ?1 AND team.id = ?2 AND ended_at IS NULL
)
ORDER BY place
