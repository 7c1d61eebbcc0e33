-- Both are NULL once the property is ready. Locked: one node at a time takes a step.
SELECT next_id, end_id FROM keyed_property WHERE team_no = $1 AND object_type = $2 AND slug = $3 FOR UPDATE
