-- No record has a value, so that no keys are held. Those of a list are never keyed.
DELETE FROM keyed_property WHERE team_no = ?1 AND object_type = ?3 AND slug = ?4 AND ?2 IS NULL
