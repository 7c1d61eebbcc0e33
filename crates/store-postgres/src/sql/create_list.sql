INSERT INTO list (id, team_no, object_type, name, template, icon, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
