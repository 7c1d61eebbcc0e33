SELECT "values"
FROM list_entry JOIN record ON record.team_no = list_entry.team_no AND record.id = list_entry.record_id
WHERE list_entry.team_no = $1 AND list_id = $2 AND record_id = $3 AND deleted_at IS NULL
