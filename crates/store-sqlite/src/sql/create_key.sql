INSERT INTO api_key (id, team_no, label, access, sha256, created_at, revoked_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (sha256) DO NOTHING
