-- Polled a lot: the team's number is known, and its id comes along for the spec.
SELECT job.*, $3::uuid AS team_id FROM job WHERE team_no = $1 AND id = $2
