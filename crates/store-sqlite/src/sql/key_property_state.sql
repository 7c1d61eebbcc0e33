-- Both are NULL once the property is ready.
SELECT next_record_no, end_record_no
FROM keyed_property
WHERE team_no = ?1 AND object_type = ?2 AND slug = ?3
