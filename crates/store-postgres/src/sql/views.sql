SELECT saved_view.id, object_type, version, saved_view.created_at, updated_at, settings, pins
FROM saved_view JOIN team USING (team_no)
WHERE team.id = $1 AND ($2 IS NULL OR saved_view.id = $2)
ORDER BY view_no
