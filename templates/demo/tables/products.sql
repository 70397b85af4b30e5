SELECT
  1 + range AS product_id,
  ['Oak', 'Linen', 'Steel', 'Clay', 'Cork', 'Wool', 'Glass', 'Brass'][1 + pick(range, 'material', 8)] || ' ' ||
  ['Lamp', 'Chair', 'Desk', 'Shelf', 'Rug', 'Vase', 'Stool', 'Clock', 'Tray', 'Bench'][1 + range % 10] || ' ' ||
  CAST(1 + range // 10 AS VARCHAR) AS name,
  ['lighting', 'seating', 'tables', 'storage', 'textiles', 'decoration', 'seating', 'decoration',
   'kitchen', 'seating'][1 + range % 10] AS category,
  CAST(9 + pick(range, 'price', 49000) / 100.0 AS DECIMAL(10, 2)) AS list_price,
  CAST((9 + pick(range, 'price', 49000) / 100.0) * (0.35 + 0.3 * share(range, 'cost')) AS DECIMAL(10, 2))
    AS unit_cost,
  DATE '2023-01-01' + CAST(pick(range, 'launch', 900) AS INTEGER) AS launched_on
FROM range(120)
ORDER BY product_id
