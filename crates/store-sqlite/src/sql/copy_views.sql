SELECT view_no, 0, team.id, saved_view.id, object_type, version, saved_view.created_at, updated_at, settings, pins
FROM saved_view JOIN team USING (team_no)
WHERE (view_no, 0) > (?1, ?2)
ORDER BY view_no
LIMIT ?3
