-- Nobody purges it, or admits another undo of it, before this one is there.
SELECT job.*, $3::uuid AS team_id FROM job WHERE team_no = $1 AND id = $2 FOR UPDATE
