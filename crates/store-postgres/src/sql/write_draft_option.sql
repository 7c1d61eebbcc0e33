INSERT INTO draft_option (team_no, job_id, place, list_id, property, id, slug, value, sort_index)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
