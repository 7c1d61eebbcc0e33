SELECT team.id, saved_view.id, object_type, version, saved_view.created_at, updated_at, settings, pins
FROM saved_view JOIN team USING (team_no)
