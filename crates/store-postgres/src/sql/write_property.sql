INSERT INTO property (team_no, list_id, object_type, slug, id, name, type, native, required, archived, icon, role_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (team_no, object_type, slug, list_id) DO UPDATE SET
    name = excluded.name, required = excluded.required, archived = excluded.archived, icon = excluded.icon
