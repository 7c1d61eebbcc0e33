-- Copied rather than inserted: pages are filled at once, and nothing is bound. The deletion is left out: NULL.
COPY record (team_no, object_type, version, created_at, updated_at, id, body) FROM STDIN (FORMAT binary)
