-- Who may do what with a record; NULL before anything was said of it.
ALTER TABLE record ADD COLUMN grants TEXT;
