INSERT INTO key_holder_more (team_no, hash, record_id)
SELECT $1, further.hash, further.record_id FROM unnest($2::uuid[], $3::uuid[]) AS further (hash, record_id)
ON CONFLICT DO NOTHING
