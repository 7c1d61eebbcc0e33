SELECT api_key.id, team.id AS team_id, label, access, api_key.created_at, revoked_at
FROM api_key JOIN team USING (team_no)
WHERE team.id = $1
ORDER BY api_key.created_at, key_no
