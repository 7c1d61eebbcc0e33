SELECT team.id, api_key.id, label, access, sha256, api_key.created_at, revoked_at FROM api_key JOIN team USING (team_no)
