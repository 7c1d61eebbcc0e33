INSERT INTO draft_record (team_no, job_id, record_id, body, list_values)
SELECT $1, $2, draft.record_id, draft.body, draft.list_values
FROM unnest($3::uuid[], $4::text[], $5::text[]) AS draft (record_id, body, list_values)
ON CONFLICT (team_no, job_id, record_id) DO UPDATE SET body = excluded.body, list_values = excluded.list_values
