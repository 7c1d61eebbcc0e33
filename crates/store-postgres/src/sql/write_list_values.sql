UPDATE list_entry SET "values" = changed."values", version = version + 1
FROM unnest($3::uuid[], $4::text[]) AS changed (id, "values")
WHERE team_no = $1 AND list_id = $2 AND record_id = changed.id
