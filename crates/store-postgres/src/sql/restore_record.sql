UPDATE record SET deleted_at = NULL, updated_at = $3, version = version + 1 WHERE team_no = $1 AND id = ANY ($2)
