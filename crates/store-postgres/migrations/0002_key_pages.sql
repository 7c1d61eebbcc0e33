-- Nothing to change here: the embedded store packs its keys into pages from this version on, because a single writer there
-- rewrites an index page by page. PostgreSQL's own unique index is what arbitrates between nodes, so keys stay rows.
SELECT 1;
