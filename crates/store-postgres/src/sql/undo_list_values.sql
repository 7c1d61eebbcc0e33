UPDATE list_entry SET "values" = again."values", version = again.version
FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS again (id, "values", version)
WHERE team_no = $1 AND list_id = $2 AND record_id = again.id
