SELECT key_no, 0, team.id, api_key.id, label, access, sha256, api_key.created_at, revoked_at
FROM api_key JOIN team USING (team_no)
WHERE (key_no, 0) > (?1, ?2)
ORDER BY key_no
LIMIT ?3
