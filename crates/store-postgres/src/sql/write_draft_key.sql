INSERT INTO draft_key (team_no, job_id, key, record_id, held)
SELECT $1, $2, draft.key, draft.record_id, draft.held
FROM unnest($3::uuid[], $4::uuid[], $5::boolean[]) AS draft (key, record_id, held)
ON CONFLICT (team_no, job_id, key, record_id) DO UPDATE SET held = excluded.held
