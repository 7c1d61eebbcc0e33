INSERT INTO keyed_property (team_no, object_type, slug, state, next_record_no, end_record_no)
VALUES (?1, ?2, ?3, 'building', ?4, ?5)
