SELECT id, name, created_at FROM team ORDER BY created_at, team_no
