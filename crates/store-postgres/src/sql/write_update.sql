UPDATE record SET body = changed.body, version = version + 1, updated_at = $4
FROM unnest($2::uuid[], $3::text[]) AS changed (id, body)
WHERE team_no = $1 AND record.id = changed.id
