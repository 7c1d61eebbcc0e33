INSERT INTO team (id, name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING
