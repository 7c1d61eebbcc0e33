SELECT draft_option.list_id, property, draft_option.id, slug, value, sort_index
FROM draft_option
JOIN job ON job.team_no = draft_option.team_no AND job.id = draft_option.job_id AND ended_at IS NULL
WHERE draft_option.team_no = $1 AND job_id = $2
ORDER BY place
