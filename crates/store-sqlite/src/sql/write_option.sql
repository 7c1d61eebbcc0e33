INSERT INTO property_option (team_no, list_no, object_type, property, id, slug, value, sort_index)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
