DELETE FROM draft_option
USING job
WHERE job.team_no = draft_option.team_no AND job.id = draft_option.job_id AND kind = 'dry_run' AND ended_at IS NOT NULL
