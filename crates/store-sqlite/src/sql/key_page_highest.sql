-- The greatest page number: it says how many levels there are.
SELECT page_no FROM key_page ORDER BY page_no DESC LIMIT 1
