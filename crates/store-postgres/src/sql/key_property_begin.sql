INSERT INTO keyed_property (team_no, object_type, slug, state, next_id, end_id)
VALUES ($1, $2, $3, 'building', $4, $5)
