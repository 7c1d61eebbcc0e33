INSERT INTO draft_option (job_no, place, list_id, property, id, slug, value, sort_index)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
