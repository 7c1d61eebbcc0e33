-- Whether the hash is known is asked of all teams; only within one is it promised by a unique index.
INSERT INTO api_key (id, team_no, label, access, sha256, created_at, revoked_at)
SELECT $1, $2, $3, $4, $5, $6, $7
WHERE NOT EXISTS (SELECT 1 FROM api_key WHERE sha256 = $5)
ON CONFLICT (team_no, sha256) DO NOTHING
